"""The demo's learners want money back, staff decide, and now and then a bank takes it: by the flows that decide later.

Nothing is written past the rules. What is open at the end is what somebody who looks at the demo finds to do.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func, select

from azora_admin.core import clock, db
from azora_admin.core.errors import DomainError
from azora_admin.core.ids import PaymentId, RefundRequestId
from azora_admin.flows import dispute, refund_requests
from azora_admin.gateways.stripe import disputes
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import Actor, SignedIn
from azora_admin.marketplace.tables import Enrolment, LearningStep
from azora_admin.payments.rules.refund_requests import LEARNER_REASONS
from azora_admin.payments.rules.refunds import Limits
from azora_admin.payments.tables import Payment, RefundRequest
from azora_admin.sandbox.phone import Line

_JSON: Final = {"Content-Type": "application/json"}
_ASK_AFTER: Final = timedelta(minutes=1)
_NOTES: Final = (
    "",
    "I thought it would go deeper into the subject.",
    "The videos stop after a minute on my tablet.",
    "My employer has bought the same course for me.",
)
_DECLINED: Final = (
    "We looked at it with the instructor: what you describe works again. Write to us if it does not."
)
# Of all days, on which a learner asks, and on which a bank does.
_ASKS: Final = 0.45
_BANK_ASKS: Final = 0.09
_LAST_ASK: Final = 4
_ASK_REASONS: Final = ("fraudulent", "product_not_received", "product_unacceptable")
_BANK_DECIDES_AFTER: Final = timedelta(days=16)


@dataclass(frozen=True, slots=True)
class Office:
    """Who decides, with what, and how much by whom."""

    stripe: StripeConnection
    stand_in: Line
    staff: SignedIn
    limits: Limits


def complain_a_day(office: Office, chance: random.Random, *, last: bool) -> None:
    """What is asked back today, and what is decided of what was asked before; ``last``: the demo begins after it."""
    _decide_requests(office, chance)
    _decide_disputes(office, chance)
    recent = _recent_sales()
    for _ in range(_LAST_ASK if last else chance.random() < _ASKS):
        if recent:
            _ask(office, chance, chance.choice(recent))
    recent = _recent_sales()  # without what went back just now
    if recent and last:
        # Whoever answers it should find something to answer with.
        _dispute(office, chance, _most_studied(recent))
    elif recent and chance.random() < _BANK_ASKS:
        _dispute(office, chance, chance.choice(recent))


def _recent_sales() -> Sequence[Any]:
    with db.reading() as session:
        return session.execute(
            select(Payment.id, Payment.payer_id, Payment.stripe_charge_id)
            .where(Payment.status == "completed", Payment.settled_at > clock.now() - timedelta(days=12))
            .order_by(Payment.id)
        ).all()


def _most_studied(sales: Sequence[Any]) -> Any:
    with db.reading() as session:
        found = session.execute(
            select(Payment.id, func.count().label("steps"))
            .join(
                Enrolment,
                (Enrolment.learner_id == Payment.payer_id) & (Enrolment.course_id == Payment.course_id),
            )
            .join(LearningStep, LearningStep.enrolment_id == Enrolment.id)
            .where(Payment.id.in_([sale.id for sale in sales]))
            .group_by(Payment.id)
        ).all()
    steps = {row.id: row.steps for row in found}
    return max(sales, key=lambda sale: steps.get(sale.id, 0))


def _ask(office: Office, chance: random.Random, sale: Any) -> None:
    with db.reading() as session:
        payer = get_person(session, sale.payer_id)
    wish = refund_requests.Wish(
        PaymentId(sale.id), None, chance.choice(LEARNER_REASONS), chance.choice(_NOTES), despite_policy=True
    )
    try:
        refund_requests.ask(office.stripe, payer, _actor(payer), wish, ask_after=_ASK_AFTER)
    except DomainError:
        return  # asked before: the draw is simply lost


def _decide_requests(office: Office, chance: random.Random) -> None:
    with db.reading() as session:
        waiting = session.scalars(
            select(RefundRequest.id)
            .where(
                RefundRequest.state == "open", RefundRequest.requested_at < clock.now() - timedelta(days=1)
            )
            .order_by(RefundRequest.id)
        ).all()
    for request_id in waiting:
        if chance.random() < 0.25:
            with db.transaction() as session:
                refund_requests.decline(
                    session, office.staff, _actor(office.staff), RefundRequestId(request_id), why=_DECLINED
                )
        else:
            refund_requests.approve(
                office.stripe,
                office.staff,
                _actor(office.staff),
                RefundRequestId(request_id),
                limits=office.limits,
                ask_after=_ASK_AFTER,
            )


def _dispute(office: Office, chance: random.Random, sale: Any) -> None:
    told = _control(
        office, f"charges/{sale.stripe_charge_id}/disputes", {"reason": chance.choice(_ASK_REASONS)}
    )
    _hear(office, told["id"])


def _decide_disputes(office: Office, chance: random.Random) -> None:
    for told in disputes.all_disputes(office.stripe):
        if told.status == "needs_response" and clock.now() - told.opened_at > _BANK_DECIDES_AFTER:
            _control(office, f"disputes/{told.id}", {"outcome": chance.choice(("win", "lose"))})
            _hear(office, told.id)


def _hear(office: Office, stripe_dispute_id: str) -> None:
    told = disputes.fetch_dispute(office.stripe, stripe_dispute_id)
    with db.transaction() as session:
        dispute.settle(session, told, cause="ask")


def _control(office: Office, path: str, body: dict[str, str]) -> Any:
    return office.stand_in.call("POST", f"/_sandbox/{path}", body=json.dumps(body).encode(), headers=_JSON)


def _actor(person: SignedIn) -> Actor:
    return Actor(person.person_id, person.name, "command", request_id="", address="")
