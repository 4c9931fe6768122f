"""Who is calling: the bearer token of the request, read once."""

from __future__ import annotations

from flask import Blueprint, current_app, request

from azora_admin.core import clock
from azora_admin.core.errors import Unauthenticated
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.rules.tokens import AccessTokens
from azora_admin.web import callers

EXTENSION = "azora.access_tokens"


def require_token(blueprint: Blueprint) -> None:
    """Every route of ``blueprint`` wants a valid access token; what it allows is each view's own ``needs``."""
    blueprint.guard_roles = frozenset({"anyone with a token"})  # type: ignore[attr-defined]

    @blueprint.before_request
    def check() -> None:
        callers.admit(_read())


def open_to_all(blueprint: Blueprint) -> None:
    """Say that no route of ``blueprint`` wants a token."""
    blueprint.guard_roles = frozenset()  # type: ignore[attr-defined]


def _read() -> SignedIn:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("unauthenticated", "Send an access token: Authorization: Bearer …")
    tokens: AccessTokens = current_app.extensions[EXTENSION]
    return tokens.read(token.strip(), now=clock.now())
