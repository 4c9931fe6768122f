"""Another password or another address for somebody, and what follows from it."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.ids import SessionId
from azora_admin.core.letters import moment_words
from azora_admin.identity.actions import audit
from azora_admin.identity.actions.app_sessions import end_app_sessions
from azora_admin.identity.actions.copies import forget_copies
from azora_admin.identity.actions.half_sign_ins import end_half_sign_ins
from azora_admin.identity.actions.links import void_links
from azora_admin.identity.actions.sessions import end_other_sessions
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.identity.rules.letters import EmailChanged, PasswordChanged
from azora_admin.identity.tables import Person
from azora_admin.messaging import mail


def set_password(
    session: Session, actor: Actor, person: SignedIn, *, password_hash: str, keep: SessionId | None, why: str
) -> None:
    """Give ``person`` another password. All that the old one opened is over, but the session to ``keep``.

    They are told by mail: whoever did it.
    """
    session.execute(update(Person).where(Person.id == person.person_id).values(password_hash=password_hash))
    void_links(session, person.person_id)
    end_half_sign_ins(session, person.person_id)
    ended = end_other_sessions(session, person.person_id, keep=keep)
    ended += end_app_sessions(session, actor, person.person_id, reason="password_changed")
    now = clock.now()
    key = f"password_changed:{person.person_id}:{now.isoformat()}"
    mail.enqueue(session, PasswordChanged(moment_words(now)), to=person.email, key=key)
    audit.record(
        session,
        actor.known_as(person),
        act="person.password_changed",
        subject=_subject(person),
        after={"ended_sessions_count": ended},
        why=why,
    )


def confirm_email(session: Session, actor: Actor, person: SignedIn) -> None:
    """Note that the person's address was shown to be theirs; the first time counts."""
    confirmed = session.scalar(
        update(Person)
        .where(Person.id == person.person_id, Person.email_confirmed_at.is_(None))
        .values(email_confirmed_at=clock.now())
        .returning(Person.id)
    )
    if confirmed:
        audit.record(
            session,
            actor.known_as(person),
            act="person.email_confirmed",
            subject=_subject(person),
            after={"email": person.email},
        )


def change_email(session: Session, actor: Actor, person: SignedIn, *, email: str) -> None:
    """Give ``person`` the address, which was shown to be theirs, and tell the one they had.

    Raises Invalid (field ``email``) when it has an account by now.
    """
    now = clock.now()
    try:
        with session.begin_nested():
            session.execute(
                update(Person)
                .where(Person.id == person.person_id)
                .values(email=email, email_confirmed_at=now, version=Person.version + 1)
            )
    except IntegrityError:
        raise Invalid(
            [FieldError("email", "email_taken", "This e-mail address has an account already.")]
        ) from None
    forget_copies(session, person.person_id)
    void_links(session, person.person_id)
    key = f"email_changed:{person.person_id}:{now.isoformat()}"
    mail.enqueue(session, EmailChanged(email, moment_words(now)), to=person.email, key=key)
    audit.record(
        session,
        actor.known_as(person),
        act="person.email_changed",
        subject=_subject(person),
        before={"email": person.email},
        after={"email": email},
    )


def _subject(person: SignedIn) -> Subject:
    return Subject("person", str(person.person_id), person.email)
