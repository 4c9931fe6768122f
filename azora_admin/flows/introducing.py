"""Making a person known at Stripe, before anything of theirs can be there."""

from __future__ import annotations

from azora_admin.core import db
from azora_admin.gateways.stripe import intents
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.identity.rules import SignedIn
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import charges


def customer_of(stripe: StripeConnection, person: SignedIn) -> str:
    """Who the person is at Stripe, introduced now if need be. Raises NoAnswer, Refused."""
    with db.reading() as session:
        known = payments.find_customer_id(session, person.person_id)
    if known is not None:
        return known
    customer_id = intents.create_customer(
        stripe, person_id=person.person_id, email=person.email, name=person.name
    )
    with db.transaction() as session:
        charges.record_customer(session, person_id=person.person_id, stripe_customer_id=customer_id)
        return payments.find_customer_id(session, person.person_id) or customer_id
