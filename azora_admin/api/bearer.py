"""Who is calling: the bearer of an access token or an API key, read once in a request."""

from __future__ import annotations

from flask import Blueprint, current_app, request

from azora_admin.api.access_tokens import AccessTokens
from azora_admin.core import db
from azora_admin.core.errors import Unauthenticated
from azora_admin.identity import actions, queries
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.rules.api_keys import is_key
from azora_admin.web import callers

EXTENSION = "azora.access_tokens"


def require_token(blueprint: Blueprint) -> None:
    """Every route of ``blueprint`` wants an access token or API key; what it allows is each view's own ``needs``."""
    blueprint.guard_roles = frozenset({"anyone with a token or key"})  # type: ignore[attr-defined]

    @blueprint.before_request
    def check() -> None:
        callers.admit(_read())


def open_to_all(blueprint: Blueprint) -> None:
    """Say that no route of ``blueprint`` wants a token."""
    blueprint.guard_roles = frozenset()  # type: ignore[attr-defined]


def _read() -> SignedIn:
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    text = shown.strip()
    if scheme.lower() != "bearer" or not text:
        raise Unauthenticated("unauthenticated", "Send an access token or API key: Authorization: Bearer …")
    if is_key(text):
        return _read_key(text)
    tokens: AccessTokens = current_app.extensions[EXTENSION]
    return tokens.read(text)


def _read_key(text: str) -> SignedIn:
    with db.reading() as session:
        holder = queries.get_key_holder(session, text)
    if not holder.is_use_noted:
        with db.single_write() as session:
            actions.note_key_use(session, key_id=holder.key_id, address=request.remote_addr or "")
    return holder.person
