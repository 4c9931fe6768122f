"""One file a resource. Each module may define ``KINDS``, ``ROUTES`` and ``LATER`` (see registry.py).

Put a file here and it is served; nothing else has to be touched.
"""

from __future__ import annotations

import importlib
import pkgutil

from azora_admin.sandbox.stripe.registry import Registry


def gather() -> Registry:
    """The registry of every module in this folder."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return Registry(importlib.import_module(f"{__name__}.{name}") for name in names)
