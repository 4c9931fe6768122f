"""Showing that an address is one's own: after the sign-up, and before an account gets another one."""

from __future__ import annotations

from azora_admin.core import db
from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.ids import PersonId
from azora_admin.core.letters import seal_secret
from azora_admin.flows.resetting import prove
from azora_admin.identity.actions import audit, credentials, links
from azora_admin.identity.queries import get_person
from azora_admin.identity.queries.people import is_email_confirmed
from azora_admin.identity.rules import Actor, SignedIn, Subject, normalized_email
from azora_admin.identity.rules.letters import ConfirmEmail, ConfirmNewEmail
from azora_admin.identity.rules.links import LinkOver
from azora_admin.identity.rules.tries import Attempt
from azora_admin.messaging import mail, outbox


def ask(person: SignedIn) -> None:
    """Have the link mailed to ``person`` (once more)."""
    with db.transaction() as session:
        outbox.enqueue(session, outbox.MAIL_CONFIRMATION, {"person_id": str(person.person_id)})


def mail_link(person_id: PersonId, *, secret_key: str) -> None:
    """Mail the link, unless the address is confirmed by now or the person got too many lately."""
    with db.transaction() as session:
        person = get_person(session, person_id)
        if is_email_confirmed(session, person_id):
            return
        link = links.make_link(session, person_id, purpose="confirm_email", email=person.email)
        if link is not None:
            letter = ConfirmEmail(seal_secret(secret_key, link.token))
            mail.enqueue(session, letter, to=person.email, key=f"confirm_email:{link.id}:asked")


def ask_for_email(actor: Actor, person: SignedIn, attempt: Attempt, *, email: str, password: str) -> str:
    """Have a link mailed to the address that ``person`` wants, by which the account gets it. Returns the address.

    Whether it has an account already is told only to whoever reads its mail. Raises Invalid (fields ``email``,
    ``current_password``) or TooManyTries.
    """
    address = normalized_email(email)
    if address is None:
        raise Invalid(
            [FieldError("email", "invalid_email", "Enter an e-mail address like name@example.com.")]
        )
    if address == person.email:
        raise Invalid([FieldError("email", "same_email", "This is the address that the account has.")])
    prove(attempt, password)
    with db.transaction() as session:
        arguments = {"person_id": str(person.person_id), "email": address}
        outbox.enqueue(session, outbox.MAIL_NEW_EMAIL, arguments)
        audit.record(
            session,
            actor,
            act="person.email_change_asked",
            subject=Subject("person", str(person.person_id), person.email),
            before={"email": person.email},
            after={"email": address},
        )
    return address


def mail_link_to_new(person_id: PersonId, email: str, *, secret_key: str) -> None:
    """Mail the link that changes the address, unless the person had too many mailed lately."""
    with db.transaction() as session:
        link = links.make_link(session, person_id, purpose="change_email", email=email)
        if link is not None:
            letter = ConfirmNewEmail(seal_secret(secret_key, link.token))
            mail.enqueue(session, letter, to=email, key=f"confirm_new_email:{link.id}:asked")


def find_address(token: str) -> str:
    """Which address this link confirms; the link is left as it is. Raises LinkOver."""
    with db.reading() as session:
        return links.look_at_link(session, token, "confirm_email", "change_email").email


def confirm(actor: Actor, *, token: str) -> str:
    """Use the link: the address is confirmed, or is the account's from now on. Returns it.

    Raises LinkOver; Invalid (field ``email``) when another account has the address, and then the link is still good.
    """
    with db.transaction() as session:
        link = links.use_link(session, token, "confirm_email", "change_email")
        person = get_person(session, link.person_id)
        if link.purpose == "change_email":
            credentials.change_email(session, actor, person, email=link.email)
        elif person.email == link.email:
            credentials.confirm_email(session, actor, person)
        else:
            raise LinkOver
    return link.email
