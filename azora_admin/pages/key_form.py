"""The form that makes an API key: one's own, or a machine's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flask import request
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import Conflict, FieldError, Invalid
from azora_admin.core.ids import PersonId
from azora_admin.identity import actions
from azora_admin.identity.queries.api_keys import ApiKeyView
from azora_admin.identity.rules.permissions import SCOPES, may_roles, permission_for
from azora_admin.web.callers import actor
from azora_admin.web.forms import FormError, problems_of

# Days that a key may live, in words; the last one is for whoever means it.
LIVES: Final = (("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("", "Until it is revoked"))
_USUAL: Final = "90"


@dataclass(frozen=True, slots=True)
class KeyForm:
    """What the form shows. ``choices``: each scope that the key may have, with its words."""

    choices: Sequence[tuple[str, str]]
    ticked: Sequence[str]
    name: str
    life: str
    lives: Sequence[tuple[str, str]] = LIVES


def key_form(roles: Iterable[str], *, is_kept: bool = True) -> KeyForm:
    """The form for a key of somebody with these roles; ``is_kept``: with what was entered last."""
    choices = [(scope.value, permission_for(scope).words) for scope in SCOPES if may_roles(roles, scope)]
    if not is_kept:
        return KeyForm(choices, (), "", _USUAL)
    return KeyForm(
        choices,
        request.form.getlist("scopes"),
        request.form.get("name", ""),
        request.form.get("life", _USUAL),
    )


def create_from_form(session: Session, owner_id: PersonId) -> tuple[ApiKeyView, str]:
    """Make the key that the form asks for. Raises Invalid naming each field, Conflict."""
    return actions.create_key(
        session,
        actor(),
        owner_id=owner_id,
        name=request.form.get("name", ""),
        scopes=request.form.getlist("scopes"),
        expires_at=_expires_at(),
    )


def problems_with(refusal: Invalid | Conflict) -> tuple[FormError, ...]:
    """What is wrong; a page has boxes to tick where a command has names to spell."""
    if isinstance(refusal, Conflict):
        return (FormError("name", refusal.detail),)
    return tuple(
        FormError(one.field, "Tick what the key may do.") if one.field == "scopes" else one
        for one in problems_of(refusal)
    )


def _expires_at() -> datetime | None:
    life = request.form.get("life", _USUAL)
    if life not in dict(LIVES):
        raise Invalid([FieldError("life", "unknown_life", "Choose how long the key lives.")])
    return clock.now() + timedelta(days=int(life)) if life else None
