"""Making, looking at and using one-time links."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.queries import token_hash
from azora_admin.identity.rules.links import LINK_LIFE, MOST_MAILS, WITHIN, LinkOver, Purpose
from azora_admin.identity.tables import OneTimeLink


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that is to be mailed; its token is in nobody's hands yet."""

    id: UUID
    token: str


@dataclass(frozen=True, slots=True)
class Link:
    """A live link: whose it is, what it is for and which address it was mailed to."""

    person_id: PersonId
    purpose: Purpose
    email: str


def make_link(session: Session, person_id: PersonId, *, purpose: Purpose, email: str) -> NewLink | None:
    """A new link; earlier ones of the same purpose are over. None when too many were made lately."""
    now = clock.now()
    recent = session.scalar(
        select(func.count())
        .select_from(OneTimeLink)
        .where(
            OneTimeLink.person_id == person_id,
            OneTimeLink.purpose == purpose,
            OneTimeLink.created_at > now - WITHIN,
        )
    )
    if recent and recent >= MOST_MAILS:
        return None
    void_links(session, person_id, purpose=purpose)
    link = NewLink(new_id(), secrets.token_urlsafe(32))
    session.add(
        OneTimeLink(
            id=link.id,
            person_id=person_id,
            purpose=purpose,
            email=email,
            token_hash=token_hash(link.token),
            created_at=now,
            expires_at=now + LINK_LIFE[purpose],
            used_at=None,
        )
    )
    session.flush()
    return link


def look_at_link(session: Session, token: str, *purposes: Purpose) -> Link:
    """The live link of this token, left as it is: programs that read mail follow links, too. Raises LinkOver."""
    return _link(session, _live(token, *purposes))


def use_link(session: Session, token: str, *purposes: Purpose) -> Link:
    """The link of this token, which is over with this transaction. Raises LinkOver."""
    link = _link(session, _live(token, *purposes).with_for_update())
    session.execute(
        update(OneTimeLink).where(OneTimeLink.token_hash == token_hash(token)).values(used_at=clock.now())
    )
    return link


def void_links(session: Session, person_id: PersonId, *, purpose: Purpose | None = None) -> None:
    """End the person's open links, of one purpose or of all."""
    mine = [OneTimeLink.person_id == person_id, OneTimeLink.used_at.is_(None)]
    if purpose:
        mine.append(OneTimeLink.purpose == purpose)
    session.execute(update(OneTimeLink).where(*mine).values(used_at=clock.now()))


def forget_old(session: Session) -> None:
    """Delete links that have been over for a day."""
    session.execute(delete(OneTimeLink).where(OneTimeLink.expires_at < clock.now() - WITHIN * 24))


def _live(token: str, *purposes: Purpose) -> Select[OneTimeLink]:
    return select(OneTimeLink).where(
        OneTimeLink.token_hash == token_hash(token),
        OneTimeLink.purpose.in_(purposes),
        OneTimeLink.used_at.is_(None),
        OneTimeLink.expires_at > clock.now(),
    )


def _link(session: Session, wanted: Select[OneTimeLink]) -> Link:
    row = session.scalars(wanted).one_or_none()
    if row is None:
        raise LinkOver
    return Link(PersonId(row.person_id), cast("Purpose", row.purpose), row.email)
