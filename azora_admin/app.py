"""``create_app``: the one place where everything meets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix

from azora_admin import model, pages, web
from azora_admin.api import bearer, conditional, cors, docs, operations, v1, well_known
from azora_admin.api.access_tokens import AccessTokens
from azora_admin.api.keyring import KeyRing, find_keys
from azora_admin.core import db
from azora_admin.core.config import Settings, SettingsError
from azora_admin.core.places import asset_root
from azora_admin.flows.connecting import written_down
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.jobs import stripe_events
from azora_admin.pages.admin import events
from azora_admin.web import errors, money, request_ids
from azora_admin.web.routes import UnhurriedRule
from azora_admin.webhooks import stripe as stripe_webhooks

SHORTEST_SECRET: Final = 32
LARGEST_BODY: Final = 1024 * 1024


class Application(Flask):
    """Flask without its question, for each of a request's functions, whether it is a coroutine: none is (15 µs)."""

    url_rule_class = UnhurriedRule

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


class OneEngine(SQLAlchemy):
    """Flask-SQLAlchemy over the engine that ``core.db`` made, so that the process has one pool and one model."""

    def _make_engine(self, bind_key: str | None, options: dict[str, Any], app: Flask) -> Engine:
        return db.current().writer


def create_app(settings: Settings) -> Flask:
    """The web application on the database that ``core.db`` is connected to.

    Raises SettingsError when something it can't do without is missing.
    """
    secret = settings.secret_key.get_secret_value()
    if len(secret) < SHORTEST_SECRET:
        raise SettingsError(
            f"AZORA_SECRET_KEY is not usable: it needs at least {SHORTEST_SECRET} characters."
        )
    app = Application(
        "azora_admin", template_folder=str(asset_root("templates")), static_folder=str(asset_root("static"))
    )
    app.config.update(
        SECRET_KEY=secret,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        SQLALCHEMY_DATABASE_URI=db.driver_url(settings.database_url),
    )
    OneEngine(metadata=model.metadata).init_app(app)
    ring = KeyRing(partial(find_keys, secret))
    app.extensions[bearer.EXTENSION] = AccessTokens(ring)
    conditional.install(app)
    request_ids.install(app)
    web.install(app, settings)
    cors.install(app, settings)
    errors.install(app)
    _add_faces(app, settings, ring)
    if hops := settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return app


def _add_faces(app: Flask, settings: Settings, ring: KeyRing) -> None:
    # A person waits, and a thread with them: better to be told soon that Stripe is silent than to hang on.
    stripe = written_down(StripeConnection(settings, read_seconds=8.0, retries=1))
    money.install(app, settings, stripe)
    app.extensions[events.REHEARSAL] = partial(stripe_events.rehearse, stripe)
    for blueprint in (
        *pages.blueprints(settings),
        v1.blueprint(settings, stripe),
        docs.blueprint(settings),
        operations.blueprint(settings),
        well_known.blueprint(ring),
        stripe_webhooks.blueprint(settings),
    ):
        app.register_blueprint(blueprint)
