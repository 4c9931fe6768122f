"""Starting and watching the processes on one machine: the embedded database, ``azora up``, ``azora doctor``."""
