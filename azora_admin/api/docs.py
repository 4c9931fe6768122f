"""The contract as a page, for people: no script, nothing from elsewhere."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, render_template

from azora_admin.api import bearer
from azora_admin.api.calls import calls_of
from azora_admin.api.contract import contract_of
from azora_admin.api.reference import reference
from azora_admin.core.config import Settings


def blueprint(settings: Settings) -> Blueprint:
    """GET /api/docs, open to anyone."""
    docs = Blueprint("reference", __name__)
    bearer.open_to_all(docs)

    @docs.get("/api/docs")
    def show() -> Response:
        about = reference(
            calls_of(current_app), contract_of(current_app), base=settings.public_url.rstrip("/")
        )
        return make_response(render_template("reference/page.html", about=about))

    return docs
