"""Where somebody is signed in: browsers by sessions, apps by families of refresh tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import PersonId
from azora_admin.identity.rules.refresh_tokens import APP_IDLE
from azora_admin.identity.rules.sessions import SESSION_IDLE
from azora_admin.identity.tables import PersonSession, RefreshFamily

SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class SignedInPlace:
    """A browser or an app in which somebody is signed in."""

    id: UUID
    is_app: bool
    user_agent: str
    address: str
    since: datetime
    last_seen_at: datetime


def signed_in_places(session: Session, person_id: PersonId) -> Sequence[SignedInPlace]:
    """The ``SHOWN`` places seen last, in one statement."""
    now = clock.now()
    browser, app = PersonSession, RefreshFamily
    browsers = select(
        browser.id,
        literal(False).label("is_app"),  # noqa: FBT003  a column
        browser.user_agent,
        browser.address,
        browser.created_at.label("since"),
        browser.last_seen_at,
    ).where(
        browser.person_id == person_id,
        browser.ended_at.is_(None),
        browser.expires_at > now,
        browser.last_seen_at > now - SESSION_IDLE,
    )
    apps = select(
        app.id,
        literal(True),  # noqa: FBT003
        app.user_agent,
        app.address,
        app.created_at,
        app.last_used_at,
    ).where(
        app.person_id == person_id,
        app.ended_at.is_(None),
        app.expires_at > now,
        app.last_used_at > now - APP_IDLE,
    )
    both = union_all(browsers, apps).subquery()
    rows = session.execute(select(both).order_by(both.c.last_seen_at.desc(), both.c.id).limit(SHOWN)).all()
    return [SignedInPlace(*row) for row in rows]
