"""Reading second factors: what a person has."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from azora_admin.core.ids import PersonId
from azora_admin.identity.rules.factors import Factor, Kind
from azora_admin.identity.tables import AuthenticatorApp, Passkey, Person, RecoveryCode


def list_factors(session: Session, person_id: PersonId) -> list[Factor]:
    """The person's authenticator apps and passkeys, the oldest first."""
    apps = select(
        AuthenticatorApp.id,
        literal("app").label("kind"),
        AuthenticatorApp.name,
        AuthenticatorApp.created_at,
        AuthenticatorApp.last_used_at,
    ).where(AuthenticatorApp.person_id == person_id)
    passkeys = select(
        Passkey.id, literal("passkey"), Passkey.name, Passkey.created_at, Passkey.last_used_at
    ).where(Passkey.person_id == person_id)
    rows = session.execute(union_all(apps, passkeys).order_by("created_at", "id"))
    return [Factor(key, cast("Kind", kind), name, made, used) for key, kind, name, made, used in rows]


def has_app(person_id: InstrumentedAttribute[UUID] | PersonId = Person.id) -> ColumnElement[bool]:
    """In SQL: whether the person has an authenticator app."""
    return select(1).where(AuthenticatorApp.person_id == person_id).exists()


def has_passkey(person_id: InstrumentedAttribute[UUID] | PersonId = Person.id) -> ColumnElement[bool]:
    """In SQL: whether the person has a passkey."""
    return select(1).where(Passkey.person_id == person_id).exists()


def recovery_codes_left(session: Session, person_id: PersonId) -> int:
    """How many of the person's recovery codes can still be used."""
    mine = (RecoveryCode.person_id == person_id) & RecoveryCode.used_at.is_(None)
    return session.scalar(select(func.count()).select_from(RecoveryCode).where(mine)) or 0
