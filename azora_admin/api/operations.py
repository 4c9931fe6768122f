"""For whoever runs this: is the process alive, and can it work?"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response
from sqlalchemy import text

from azora_admin.api import answers, bearer, shapes
from azora_admin.api.description import OPERATIONS, Answer, describe
from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.web import limits

_NEVER_KEPT: Final = "whether a process lives and can work is never to be remembered"


def blueprint(settings: Settings) -> Blueprint:
    """GET /healthz and /readyz, open to anyone on the network that reaches them."""
    operations = Blueprint("operations", __name__)
    bearer.open_to_all(operations)

    @operations.get("/healthz")
    @limits.unlimited
    @describe("is_alive", OPERATIONS, Answer(200, shapes.Alive), untagged=_NEVER_KEPT)
    def healthz() -> Response:
        """Is it alive?

        The process answers.
        """
        return answers.json({"status": "ok"})

    @operations.get("/readyz")
    @describe(
        "is_ready",
        OPERATIONS,
        Answer(200, shapes.Readiness),
        Answer(503, shapes.Readiness),
        untagged=_NEVER_KEPT,
    )
    def readyz() -> Response:
        """Can it work?

        Its database and its settings are there.
        """
        missing = [name for name, value in _needed(settings) if not value]
        with db.reading() as session:
            schema = session.scalar(text("SELECT version_num FROM alembic_version"))
        ready = not missing
        body = shapes.Readiness(status="ready" if ready else "not ready", schema=schema, missing=missing)
        return answers.json(body, 200 if ready else 503)

    return operations


def _needed(settings: Settings) -> list[tuple[str, str]]:
    return [
        ("STRIPE_API_KEY", settings.stripe_api_key.get_secret_value()),
        ("STRIPE_WEBHOOK_SECRET", settings.stripe_webhook_secret.get_secret_value()),
    ]
