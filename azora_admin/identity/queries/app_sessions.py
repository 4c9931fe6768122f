"""Reading which apps are signed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import FamilyId, PersonId
from azora_admin.identity.rules.refresh_tokens import APP_IDLE
from azora_admin.identity.tables import RefreshFamily

_MOST: Final = 100
_LATELY: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class AppSession:
    """An app that is signed in, or was until ``ended_at``; agent and address are those of its last refresh."""

    family_id: FamilyId
    user_agent: str
    address: str
    created_at: datetime
    last_used_at: datetime
    ended_at: datetime | None


def list_app_sessions(session: Session, person_id: PersonId) -> Sequence[AppSession]:
    """The person's apps that are signed in, the one last used first."""
    now = clock.now()
    found = session.scalars(
        select(RefreshFamily)
        .where(
            RefreshFamily.person_id == person_id,
            RefreshFamily.ended_at.is_(None),
            RefreshFamily.expires_at > now,
            RefreshFamily.last_used_at > now - APP_IDLE,
        )
        .order_by(RefreshFamily.last_used_at.desc(), RefreshFamily.id.desc())
        .limit(_MOST)
    )
    return [_view(family) for family in found]


def list_reused_lately(session: Session, person_id: PersonId) -> Sequence[AppSession]:
    """The person's apps that were signed out in the last month because a spent token came back; the last one first."""
    found = session.scalars(
        select(RefreshFamily)
        .where(
            RefreshFamily.person_id == person_id,
            RefreshFamily.end_reason == "reused",
            RefreshFamily.ended_at > clock.now() - _LATELY,
        )
        .order_by(RefreshFamily.ended_at.desc())
        .limit(_MOST)
    )
    return [_view(family) for family in found]


def _view(family: RefreshFamily) -> AppSession:
    return AppSession(
        FamilyId(family.id),
        family.user_agent,
        family.address,
        family.created_at,
        family.last_used_at,
        family.ended_at,
    )
