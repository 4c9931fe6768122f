"""A forgotten password, and a new one.

Whoever asks for a link gets the same answer after the same time whether or not there is such an account: what is
looked up is looked up by the worker.
"""

from __future__ import annotations

from azora_admin.core import db
from azora_admin.core.errors import FieldError, Invalid, Unauthenticated
from azora_admin.core.letters import seal_secret
from azora_admin.flows.trying import try_password
from azora_admin.identity.actions import credentials, links, passwords, tries
from azora_admin.identity.queries import find_person_by_email, get_person
from azora_admin.identity.rules import PEOPLE, Actor, SignedIn, normalized_email
from azora_admin.identity.rules.letters import ResetPassword
from azora_admin.identity.rules.passwords import complaint
from azora_admin.identity.rules.tries import Attempt
from azora_admin.messaging import mail, outbox


def ask(actor: Actor, *, email: str) -> str:
    """Have a link mailed to ``email``, if it has an account. Returns the address as it was understood.

    Raises Invalid when it is no address, TooManyTries when somebody at the same place asked for too many.
    """
    address = normalized_email(email)
    if address is None:
        raise Invalid(
            [FieldError("email", "invalid_email", "Enter an e-mail address like name@example.com.")]
        )
    with db.transaction() as session:
        tries.count_ask(session, actor.address)
        outbox.enqueue(session, outbox.MAIL_RESET, {"email": address})
    return address


def mail_link(email: str, *, secret_key: str) -> None:
    """Mail the link, when there is somebody to mail it to who has not got too many lately."""
    with db.transaction() as session:
        person = find_person_by_email(session, email)
        if person is None or not person.roles & PEOPLE:
            return
        link = links.make_link(session, person.person_id, purpose="reset_password", email=person.email)
        if link is not None:
            letter = ResetPassword(seal_secret(secret_key, link.token))
            mail.enqueue(session, letter, to=person.email, key=f"reset_password:{link.id}:asked")


def find_asker(token: str) -> SignedIn:
    """Who may choose a new password by this link, which is left as it is. Raises LinkOver."""
    with db.reading() as session:
        link = links.look_at_link(session, token, "reset_password")
        return get_person(session, link.person_id)


def choose_password(actor: Actor, *, token: str, password: str) -> SignedIn:
    """Give whoever has this link the new password. The link shows, too, that the address is theirs.

    Raises LinkOver; Invalid (field ``password``), and then the link is still good.
    """
    person = find_asker(token)
    password_hash = _hash(person, password, field="password")
    with db.transaction() as session:
        link = links.use_link(session, token, "reset_password")
        person = get_person(session, link.person_id)
        if person.email == link.email:
            credentials.confirm_email(session, actor, person)
        credentials.set_password(
            session, actor, person, password_hash=password_hash, keep=None, why="forgotten, by a link"
        )
    return person


def change_password(actor: Actor, person: SignedIn, attempt: Attempt, *, current: str, new: str) -> None:
    """Give ``person`` the new password; they stay signed in where they are, and nowhere else.

    Raises Invalid (fields ``current_password``, ``new_password``) or TooManyTries.
    """
    prove(attempt, current)
    password_hash = _hash(person, new, field="new_password")
    with db.transaction() as session:
        credentials.set_password(
            session, actor, person, password_hash=password_hash, keep=person.session_id, why="by its owner"
        )


def prove(attempt: Attempt, current: str) -> None:
    """Check the password of somebody who is signed in. Raises Invalid (field ``current_password``) or TooManyTries."""
    try:
        try_password(attempt, current)
    except Unauthenticated:
        wrong = FieldError("current_password", "wrong_password", "That is not your password.")
        raise Invalid([wrong]) from None


def _hash(person: SignedIn, password: str, *, field: str) -> str:
    weakness = complaint(password, about=(person.email, person.name), field=field)
    if weakness:
        raise Invalid([weakness])
    return passwords.hash_password(password)
