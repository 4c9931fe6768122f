"""What the page of one's own security shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import PersonId, SessionId
from azora_admin.identity.queries.api_keys import ApiKeyView, list_keys
from azora_admin.identity.queries.app_sessions import AppSession, list_app_sessions, list_reused_lately
from azora_admin.identity.queries.factors import list_factors, recovery_codes_left
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.rules.factors import Factor
from azora_admin.identity.rules.sessions import SESSION_IDLE
from azora_admin.identity.tables import PersonSession

_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class SessionView:
    """A signed-in browser; ``is_this``: the one that asks."""

    id: SessionId
    user_agent: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class SecurityView:
    """Everything that lets somebody in as this person; ``reused`` are apps whose token was used by two, lately."""

    factors: Sequence[Factor]
    codes_left: int
    sessions: Sequence[SessionView]
    apps: Sequence[AppSession]
    reused: Sequence[AppSession]
    keys: Sequence[ApiKeyView]

    @property
    def has_other_sessions(self) -> bool:
        return any(not session.is_this for session in self.sessions)


def security_view(session: Session, person: SignedIn) -> SecurityView:
    """What lets somebody in as ``person``, who is looking."""
    return SecurityView(
        list_factors(session, person.person_id),
        recovery_codes_left(session, person.person_id),
        list_sessions(session, person.person_id, this=person.session_id),
        list_app_sessions(session, person.person_id),
        list_reused_lately(session, person.person_id),
        list_keys(session, person.person_id),
    )


def list_sessions(
    session: Session, person_id: PersonId, *, this: SessionId | None = None
) -> list[SessionView]:
    """The person's live sessions: ``this`` one first, then the one last seen first."""
    now = clock.now()
    rows = session.scalars(
        select(PersonSession)
        .where(
            PersonSession.person_id == person_id,
            PersonSession.ended_at.is_(None),
            PersonSession.expires_at > now,
            PersonSession.last_seen_at > now - SESSION_IDLE,
        )
        .order_by((PersonSession.id == this).desc(), PersonSession.last_seen_at.desc(), PersonSession.id)
        .limit(_MOST)
    )
    return [
        SessionView(
            SessionId(row.id), row.user_agent, row.address, row.created_at, row.last_seen_at, row.id == this
        )
        for row in rows
    ]
