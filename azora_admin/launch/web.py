"""The web server: granian with processes of a few blocking threads (measured best, docs/decisions/0004)."""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import signal
from typing import Final
from wsgiref.types import WSGIApplication

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from azora_admin.core import db
from azora_admin.core.config import Settings, load_settings
from azora_admin.launch.home import completed
from azora_admin.launch.processes import die_with_parent

# What is in flight when the server is told to end may take this long.
GRACE_SECONDS: Final = 3


def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM. A server process that dies is started again by granian."""
    # Read here, before the server processes are forked: they share it, and each starts in a fraction of the time.
    importlib.import_module("azora_admin.app")
    Granian(
        "azora_admin.launch.web:make_application",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        websockets=False,
        respawn_failed_workers=True,
        respawn_interval=0.1,
        workers_kill_timeout=GRACE_SECONDS,
        log_level=LogLevels(settings.log_level.lower()),
    ).serve()


def make_application() -> WSGIApplication:
    """The application of one server process, from the environment. Raises SettingsError with a sentence."""
    from azora_admin.app import create_app

    if multiprocessing.parent_process() is not None:
        # Without its master a server process would go on answering beside the next one.
        die_with_parent(signal.SIGTERM)
    settings = completed(load_settings())
    db.connect(settings)
    application = create_app(settings)
    # What stands now stands until the end: no collection need walk through it again (docs/decisions/0004).
    gc.collect()
    gc.freeze()
    return application
