"""Support sees what a person sees: for a while, with a reason, and without being able to change anything."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import Forbidden
from azora_admin.core.ids import PersonId, SessionId
from azora_admin.identity.actions import audit
from azora_admin.identity.actions.copies import forget_copies
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import STAFF, Actor
from azora_admin.identity.rules.audit import Subject
from azora_admin.identity.rules.roles import check_reason
from azora_admin.identity.rules.sessions import SEEING_LONGEST
from azora_admin.identity.tables import PersonSession, Seeing


def start_seeing(
    session: Session, actor: Actor, *, session_id: SessionId, person_id: PersonId, why: str
) -> None:
    """Show this session's pages as the person sees them, for half an hour at most.

    Raises NotFound, Invalid (field ``why``), Forbidden for somebody of the staff or a machine.
    """
    person = get_person(session, person_id)
    if person.roles & STAFF or "machine" in person.roles:
        raise Forbidden("Pages of the staff and of machines can't be seen through their eyes.")
    reason = check_reason(why)
    now = clock.now()
    look = {"person_id": person_id, "started_at": now, "until": now + SEEING_LONGEST}
    session.execute(
        insert(Seeing)
        .values(session_id=session_id, **look)
        .on_conflict_do_update(index_elements=["session_id"], set_=look)
    )
    _forget_holder(session, session_id)
    subject = Subject("person", str(person_id), person.name)
    audit.record(session, actor, act="person.seeing_started", subject=subject, after=look, why=reason)


def stop_seeing(session: Session, actor: Actor, *, session_id: SessionId) -> None:
    """Show this session's pages as its own again; a second time changes nothing."""
    seen = session.execute(
        delete(Seeing).where(Seeing.session_id == session_id).returning(Seeing.person_id, Seeing.until)
    ).one_or_none()
    if seen is not None:
        _forget_holder(session, session_id)
        subject = Subject("person", str(seen.person_id))
        audit.record(
            session, actor, act="person.seeing_stopped", subject=subject, before={"until": seen.until}
        )


def _forget_holder(session: Session, session_id: SessionId) -> None:
    holder = session.scalars(select(PersonSession.person_id).where(PersonSession.id == session_id)).one()
    forget_copies(session, PersonId(holder))
