"""Who is calling: the bearer token of the request, read once."""

from __future__ import annotations

from flask import Blueprint, current_app, g, request

from azora_admin.core import clock
from azora_admin.core.errors import Forbidden, Unauthenticated
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.rules.tokens import AccessTokens

EXTENSION = "azora.access_tokens"


def require_token(blueprint: Blueprint, *, role: str | None = None) -> None:
    """Every route of ``blueprint`` wants a valid access token, and a role where one is named."""
    blueprint.guard_roles = frozenset({role} if role else {"anyone with a token"})  # type: ignore[attr-defined]

    @blueprint.before_request
    def check() -> None:
        g.caller = _read()
        if role and role not in g.caller.roles:
            raise Forbidden(f"This needs the role {role}.")


def open_to_all(blueprint: Blueprint) -> None:
    """Say that no route of ``blueprint`` wants a token."""
    blueprint.guard_roles = frozenset()  # type: ignore[attr-defined]


def caller() -> SignedIn:
    """The person whose token the request carries."""
    found: SignedIn = g.caller
    return found


def _read() -> SignedIn:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("unauthenticated", "Send an access token: Authorization: Bearer …")
    tokens: AccessTokens = current_app.extensions[EXTENSION]
    return tokens.read(token.strip(), now=clock.now())
