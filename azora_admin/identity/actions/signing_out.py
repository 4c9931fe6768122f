"""Somebody is signed out, of one place or of several: by the staff, by themselves, or because their factors changed."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core.ids import FamilyId, PersonId, SessionId
from azora_admin.identity.actions import audit
from azora_admin.identity.actions.app_sessions import end_app_session, end_app_sessions
from azora_admin.identity.actions.sessions import end_other_sessions, end_session
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.identity.rules.roles import check_reason
from azora_admin.identity.tables import RefreshFamily


def sign_out_of(session: Session, actor: Actor, *, person_id: PersonId, place_id: UUID) -> None:
    """End one browser's session, or one app's. Twice is once. Raises NotFound when it is not the person's."""
    person = get_person(session, person_id)
    is_app = session.scalar(select(RefreshFamily.id).where(RefreshFamily.id == place_id)) is not None
    if is_app:
        end_app_session(session, actor, family_id=FamilyId(place_id), person_id=person_id)
        return
    end_session(session, person_id, SessionId(place_id))
    audit.record(
        session,
        actor,
        act="person.session_ended",
        subject=_subject(person),
        after={"session_id": place_id},
    )


def sign_out_everywhere(session: Session, actor: Actor, *, person_id: PersonId, why: str) -> int:
    """End every session and app of the person. Returns how many. Raises NotFound, Invalid (field ``why``)."""
    person, reason = get_person(session, person_id), check_reason(why)
    ended = end_other_sessions(session, person_id, keep=None)
    ended += end_app_sessions(session, actor, person_id)
    audit.record(
        session,
        actor,
        act="person.signed_out_everywhere",
        subject=_subject(person),
        after={"ended_sessions_count": ended},
        why=reason,
    )
    return ended


def sign_out_other_browsers(session: Session, actor: Actor, person: SignedIn) -> int:
    """End every session of the person but the one that ``person`` is in. Returns how many."""
    ended = end_other_sessions(session, person.person_id, keep=person.session_id)
    _note_elsewhere(session, actor, person, ended, why="")
    return ended


def sign_out_elsewhere(session: Session, actor: Actor, person: SignedIn, *, why: str) -> int:
    """End every session of the person but the one that ``person`` is in, and every app. Returns how many."""
    ended = end_other_sessions(session, person.person_id, keep=person.session_id)
    ended += end_app_sessions(session, actor, person.person_id)
    _note_elsewhere(session, actor, person, ended, why=why)
    return ended


def _note_elsewhere(session: Session, actor: Actor, person: SignedIn, ended: int, *, why: str) -> None:
    if ended:
        audit.record(
            session,
            actor,
            act="person.signed_out_elsewhere",
            subject=_subject(person),
            after={"ended_sessions_count": ended},
            why=why,
        )


def _subject(person: SignedIn) -> Subject:
    return Subject("person", str(person.person_id), person.email)
