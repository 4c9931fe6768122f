"""A learner signs up."""

from __future__ import annotations

from azora_admin.core import db
from azora_admin.flows.finishing import Finish, unanswered
from azora_admin.identity import actions, rules
from azora_admin.identity.actions import audit
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.messaging import outbox


def sign_up(
    actor: Actor, *, email: str, name: str, password: str, finish: Finish[SignedIn] = unanswered
) -> SignedIn:
    """A new learner with an account. Raises Invalid naming each field that can't be accepted.

    The address is theirs to confirm: a mail is on its way, and nothing waits for it. ``finish`` is called in the
    transaction that opens the account.
    """
    checked = rules.check_sign_up(email=email, name=name, password=password)
    password_hash = actions.hash_password(checked.password)
    with db.transaction() as session:
        person_id = actions.add_person(session, checked, password_hash=password_hash, roles=["learner"])
        person = get_person(session, person_id)
        audit.record(
            session,
            actor,
            act="person.signed_up",
            subject=Subject("person", str(person_id), person.email),
            after={"name": person.name, "email": person.email, "roles": person.roles},
        )
        outbox.enqueue(session, outbox.MAIL_CONFIRMATION, {"person_id": str(person_id)})
        finish(session, person)
    return person
