"""API keys on pages: what every list of them shows, and the form that makes one. Shared by machines and people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask import request
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.actions.api_keys import create_key
from azora_admin.identity.queries.api_keys import ApiKeyView, list_keys
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.rules.permissions import PERMISSIONS, may_roles
from azora_admin.web.callers import actor

# Days that a key may live; 0: until it is revoked.
LIVES: Final = ((30, "30 days"), (90, "90 days"), (365, "A year"), (0, "Until it is revoked"))


@dataclass(frozen=True, slots=True)
class KeyForm:
    """What the list and the form show. ``scopes``: each with its words and whether it is ticked."""

    keys: Sequence[ApiKeyView]
    scopes: Sequence[tuple[str, str, bool]]
    name: str
    days: int
    once_key: str


def key_form(session: Session, owner: SignedIn) -> KeyForm:
    """The owner's keys and the form for another one, with what was entered last."""
    ticked = set(request.form.getlist("scopes"))
    scopes = [
        (str(permission.action), permission.words, permission.action in ticked)
        for permission in PERMISSIONS
        if permission.is_scope and may_roles(owner.roles, permission.action)
    ]
    return KeyForm(
        list_keys(session, owner.person_id),
        scopes,
        request.form.get("name", ""),
        request.form.get("days", 90, type=int),
        str(new_id()),
    )


def create_from_form(session: Session, owner_id: PersonId) -> tuple[ApiKeyView, str]:
    """Make the key that the form asks for. Raises Invalid naming each field, Conflict."""
    return create_key(
        session,
        actor(),
        owner_id=owner_id,
        name=request.form.get("name", ""),
        scopes=request.form.getlist("scopes"),
        expires_at=_expires_at(),
    )


def _expires_at() -> datetime | None:
    days = request.form.get("days", -1, type=int)
    if days not in dict(LIVES):
        raise Invalid([FieldError("days", "unknown_life", "Choose how long the key lives.")])
    return clock.now() + timedelta(days=days) if days else None
