"""What a checkout needs around the program; run from its root: ``python3 -m tools.prepare``. Standard library only."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  this is where an older one is told
    sys.exit(f"Azora admin needs Python 3.11 or newer; this is {sys.version.split()[0]} at {sys.executable}.")
