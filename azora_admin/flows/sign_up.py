"""A learner signs up."""

from __future__ import annotations

from azora_admin.core import db
from azora_admin.identity import actions, rules
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import SignedIn


def sign_up(*, email: str, name: str, password: str) -> SignedIn:
    """A new learner with an account. Raises Invalid naming each field that can't be accepted."""
    checked = rules.check_sign_up(email=email, name=name, password=password)
    password_hash = actions.hash_password(checked.password)
    with db.transaction() as session:
        person_id = actions.add_person(session, checked, password_hash=password_hash, roles=["learner"])
        return get_person(session, person_id)
