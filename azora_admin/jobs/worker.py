"""The worker process: takes jobs from the queue until it is told to stop, finishing what it began."""

from __future__ import annotations

import logging
from typing import Final

import procrastinate

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.jobs import registry, rounds

ASK_EVERY_SECONDS: Final = 0.2


def run(settings: Settings) -> None:
    """Work until SIGINT or SIGTERM. Killed outright, it leaves jobs that another worker takes up."""
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("procrastinate", "stripe"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    database = db.connect(settings)
    queue = procrastinate.App(
        connector=procrastinate.PsycopgConnector(
            conninfo=settings.database_url,
            min_size=1,
            max_size=4,
            # Without the database there is nothing to do but end, and to be started again when it is back.
            timeout=5.0,
            kwargs={"application_name": "azora worker"},
        )
    )
    registry.register(queue, settings)
    try:
        queue.run_worker(
            concurrency=settings.worker_jobs,
            # Asked for rather than announced: docs/decisions/0013.
            listen_notify=False,
            fetch_job_polling_interval=ASK_EVERY_SECONDS,
            shutdown_graceful_timeout=5.0,
            update_heartbeat_interval=rounds.HEARTBEAT_SECONDS,
            stalled_worker_timeout=rounds.SILENT_SECONDS,
            delete_jobs="successful",
        )
    finally:
        database.close()
