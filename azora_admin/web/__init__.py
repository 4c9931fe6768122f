"""How HTTP is spoken with browsers: templates, headers, forms, guards, htmx and sessions."""

from __future__ import annotations

from flask import Flask, request
from jinja2 import StrictUndefined

from azora_admin.core import clock
from azora_admin.core.config import Settings
from azora_admin.web import (
    assets,
    charts,
    commands,
    days,
    devices,
    dispute_words,
    factors,
    filters,
    forgery,
    guards,
    hosts,
    hx,
    limits,
    navigation,
    proof,
    request_words,
    security,
    sessions,
    statuses,
)

THEMES = ("light", "dark")


def install(app: Flask, settings: Settings) -> None:
    """Make ``app`` speak to browsers: call once, after its secret key is set and before its blueprints."""
    environment = app.jinja_env
    environment.undefined = StrictUndefined
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.globals.update(
        bar=charts.bar,
        spark=charts.spark,
        now=clock.now,
        is_demo=settings.mode == "demo",
        letter_places_of=commands.letter_places_of,
        workspaces_of=navigation.workspaces_of,
        workspace_named=navigation.workspace_named,
        role_words=navigation.role_words,
        payment_reason=statuses.payment_reason,
        entry_words=statuses.entry_words,
        rule_words=statuses.rule_words,
        cause_words=statuses.cause_words,
        grant_words=statuses.grant_words,
        refund_reason_words=statuses.refund_reason_words,
        request_look=request_words.request_look,
        outcome_words=request_words.OUTCOMES.__getitem__,
        verdict_look=request_words.VERDICT.__getitem__,
        learner_reason_words=request_words.learner_reason_words,
        dispute_words=dispute_words.dispute_words,
        fraud_words=dispute_words.fraud_words,
        dispute_reason_words=dispute_words.dispute_reason_words,
        approver_words=statuses.approver_words,
        refund_failure_words=statuses.refund_failure_words,
        act_words=statuses.act_words,
        actor_words=statuses.actor_words,
        via_look=statuses.VIA.__getitem__,
        day_choices=days.CHOICES,
    )
    hosts.install(app, settings)
    filters.install(app)
    security.install(app, settings)
    forgery.install(app)
    guards.install(app)
    assets.install(app)
    hx.install(app)
    sessions.install(app)
    devices.install(app, settings)
    factors.install(app, settings)
    proof.install(app)
    limits.install(app, settings)

    @app.context_processor
    def chosen() -> dict[str, object]:
        theme = request.cookies.get("theme", "")
        return {
            "theme": theme if theme in THEMES else "",
            "letter_keys": request.cookies.get("keys") != "off",
        }
