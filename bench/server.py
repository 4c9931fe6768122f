"""One server process tree: ``python -m bench.server ours|floor``. Ours is the real one, with the settings it has."""

from __future__ import annotations

import sys

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from azora_admin.core.config import Settings, load_settings
from azora_admin.launch import web


def serve_floor(settings: Settings) -> None:
    """Serve the floor exactly as ``launch.web.serve`` serves the application."""
    Granian(
        "bench.floor:make_application",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.web_workers,
        blocking_threads=settings.web_threads,
        websockets=False,
        workers_kill_timeout=web.GRACE_SECONDS,
        log_level=LogLevels(settings.log_level.lower()),
    ).serve()


if __name__ == "__main__":
    {"ours": web.serve, "floor": serve_floor}[sys.argv[1]](load_settings())
