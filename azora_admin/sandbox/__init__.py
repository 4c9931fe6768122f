"""Stand-ins for the outside world, each a process of its own with real HTTP: for development and tests only.

Nothing of the application imports this package; ``azora`` starts its members beside the demo.
"""
