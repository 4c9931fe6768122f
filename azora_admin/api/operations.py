"""For whoever runs this: is the process alive, and can it work?"""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy import text

from azora_admin.api import answers, bearer
from azora_admin.core import db
from azora_admin.core.config import Settings


def blueprint(settings: Settings) -> Blueprint:
    """GET /healthz and /readyz, open to anyone on the network that reaches them."""
    operations = Blueprint("operations", __name__)
    bearer.open_to_all(operations)

    @operations.get("/healthz")
    def healthz() -> Response:
        return answers.json({"status": "ok"})

    @operations.get("/readyz")
    def readyz() -> Response:
        missing = [name for name, value in _needed(settings) if not value]
        with db.reading() as session:
            schema = session.scalar(text("SELECT version_num FROM alembic_version"))
        ready = not missing
        body = {"status": "ready" if ready else "not ready", "schema": schema, "missing": missing}
        return answers.json(body, 200 if ready else 503)

    return operations


def _needed(settings: Settings) -> list[tuple[str, str]]:
    return [
        ("STRIPE_API_KEY", settings.stripe_api_key.get_secret_value()),
        ("STRIPE_WEBHOOK_SECRET", settings.stripe_webhook_secret.get_secret_value()),
    ]
