"""A small market for tests of pages and reports: people, courses, and payments settled by the real flow.

What Stripe would say is made up here as ``Intent`` values; nothing goes over a wire. Times are the clock's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from sqlalchemy import select

from azora_admin.core import clock, db
from azora_admin.core.config import load_settings
from azora_admin.core.ids import (
    AgreementId,
    BulkRefundId,
    CourseId,
    DisputeId,
    PaymentId,
    PersonId,
    RefundId,
    RefundRequestId,
    new_id,
)
from azora_admin.core.money import Money
from azora_admin.flows import bulk_refunding, refund, refund_requests, refunding, sale
from azora_admin.flows import dispute as dispute_flow
from azora_admin.gateways.stripe import shapes
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.gateways.stripe.shapes import Charge, Fee, Intent, Refusal
from azora_admin.identity import actions as people
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import Actor, NewPerson
from azora_admin.ledger import actions as ledger
from azora_admin.ledger.rules import Entry, credit, debit
from azora_admin.marketplace import actions as shelf
from azora_admin.marketplace.queries import get_split
from azora_admin.marketplace.rules import check_course
from azora_admin.payments.actions import charges, refund_policies
from azora_admin.payments.queries import get_payment, policy_in_force
from azora_admin.payments.rules.refund_policy import Policy
from azora_admin.payments.rules.refunds import Limits
from azora_admin.payments.tables import Dispute

PASSWORD = "correct horse battery"


@cache
def password_hash() -> str:
    """One hash for everybody: hashing is slow on purpose."""
    return people.hash_password(PASSWORD)


@dataclass(frozen=True)
class SomeCourse:
    """A course on the shelf and its price."""

    id: CourseId
    title: str
    price: Money
    agreement_id: AgreementId


def add_person(email: str, name: str, *roles: str) -> PersonId:
    """Somebody who can sign in with ``PASSWORD``."""
    with db.transaction() as session:
        new = NewPerson(email, name, PASSWORD)
        return people.add_person(session, new, password_hash=password_hash(), roles=roles)


def add_course(
    title: str, instructor_id: PersonId, price: int, *, currency: str = "usd", basis_points: int = 7000
) -> SomeCourse:
    """A published course whose instructor gets ``basis_points`` of each sale."""
    money = Money(price, currency)
    draft = check_course(
        title=title, summary="", category="Engineering", level="beginner", language="en", price=money
    )
    with db.transaction() as session:
        course_id = shelf.create_course(session, draft, instructor_id=instructor_id, published_at=clock.now())
        shelf.agree_split(session, course_id, shares={f"instructor:{instructor_id}": basis_points})
        split = get_split(session, course_id, at=clock.now())
    return SomeCourse(course_id, title, money, split.agreement_id)


def order(
    payer_id: PersonId, course: SomeCourse, *, sent: bool = True, cause: str = "request:req_test"
) -> PaymentId:
    """A payment as it stands right after the learner tapped "buy"; not ``sent``: Stripe's answer is missing."""
    wanted = charges.NewOrder(payer_id, course.price, course.title, course.id, course.agreement_id)
    with db.transaction() as session:
        payment_id = charges.reserve(session, wanted, cause=cause, ask_after=timedelta(seconds=20))
        charges.record_customer(session, person_id=payer_id, stripe_customer_id=_customer(payer_id))
        if sent:
            charges.record_intent(session, payment_id, intent_id=_intent_id(payment_id))
    return payment_id


def pay(payer_id: PersonId, course: SomeCourse, *, fee: int | None = 172, event: str = "") -> PaymentId:
    """A payment that succeeded; without ``fee`` its balance transaction is still missing."""
    payment_id = order(payer_id, course)
    hear(
        payer_id, payment_id, course, status="succeeded", fee=fee, cause=f"stripe:{event}" if event else "ask"
    )
    return payment_id


def refuse(payer_id: PersonId, course: SomeCourse, *, code: str = "insufficient_funds") -> PaymentId:
    """A payment whose card was refused."""
    payment_id = order(payer_id, course)
    refusal = Refusal(code, "Your card has insufficient funds.")
    hear(payer_id, payment_id, course, status="requires_payment_method", refusal=refusal)
    return payment_id


def hear(
    payer_id: PersonId,
    payment_id: PaymentId,
    course: SomeCourse,
    *,
    status: str,
    fee: int | None = None,
    refusal: Refusal | None = None,
    cause: str = "ask",
) -> None:
    """Settle the payment by what Stripe is made to say."""
    paid = status == "succeeded"
    kept = Money(fee, course.price.currency) if fee is not None else None
    booked = Fee(f"txn_{payment_id.hex}", kept, course.price - kept) if kept else None
    intent = Intent(
        id=_intent_id(payment_id),
        status=status,
        amount=course.price,
        received=course.price if paid else Money.zero(course.price.currency),
        customer_id=_customer(payer_id),
        payment_id=str(payment_id),
        client_secret="",
        refusal=refusal,
        charge=Charge(f"ch_{payment_id.hex}", clock.now(), "visa", "4242", booked) if paid else None,
    )
    with db.transaction() as session:
        sale.settle(session, intent, cause=cause)


def refund_in_dashboard(payment_id: PaymentId, amount: int, *, status: str = "succeeded") -> None:
    """A refund that was made at Stripe, and that Stripe tells of."""
    with db.transaction() as session:
        currency = get_payment(session, payment_id).amount.currency
        told = shapes.Refund(
            id=f"re_{new_id().hex}",
            status=status,
            amount=Money(amount, currency),
            intent_id=_intent_id(payment_id),
            refund_id=None,
            reason=None,
            failure_reason="expired_or_canceled_card" if status == "failed" else None,
            created_at=clock.now(),
        )
        assert refund.settle(session, told, cause="ask")


def pay_out(instructor_id: PersonId, amount: int) -> None:
    """What an instructor had available leaves the house: payouts themselves are still to come."""
    money = Money(amount, "usd")
    legs = (debit(f"instructor:{instructor_id}:payable", money), credit("stripe:balance", money))
    with db.transaction() as session:
        entry = Entry(
            kind="payout_paid",
            reference=str(new_id()),
            legs=legs,
            cause="request:req_test",
            rule_version="payout/1",
            occurred_at=clock.now(),
        )
        ledger.post(session, entry)


def dispute(payment_id: PaymentId, *, status: str = "needs_response", amount: int | None = None) -> DisputeId:
    """A dispute of the payment in which the bank has the money, unless it is an inquiry, was won or was closed."""
    with db.transaction() as session:
        paid = get_payment(session, payment_id).amount
        wanted = Money(amount or paid.amount, paid.currency)
        stripe_id = f"dp_{new_id().hex}"
        taken = shapes.DisputeMovement(f"txn_{stripe_id}", -wanted, Money(1500, paid.currency), clock.now())
        told = shapes.Dispute(
            id=stripe_id,
            intent_id=_intent_id(payment_id),
            amount=wanted,
            status=status,
            reason="fraudulent",
            network_code="10.4",
            submissions=0,
            opened_at=clock.now(),
            due_at=clock.now() + timedelta(days=8, hours=1),
            movements=() if status.startswith("warning_") or status == "won" else (taken,),
            asked_at=clock.now(),
        )
        assert dispute_flow.settle(session, told, cause="ask")
        found = session.scalars(select(Dispute.id).where(Dispute.stripe_dispute_id == stripe_id)).one()
        return DisputeId(found)


def ask_for_refund(asker_id: PersonId, payment_id: PaymentId, amount: int | None = None) -> RefundId:
    """A refund that waits for a second person. Stripe hears nothing of it."""
    with db.reading() as session:
        asker = get_person(session, asker_id)
    actor = Actor(asker.person_id, asker.name, "page", request_id="req_test", address="")
    wanted = refunding.Wanted(
        payment_id, amount, "requested_by_customer", "Ticket #4812: bought the wrong level."
    )
    made = refunding.request(
        StripeConnection(load_settings({})),
        asker,
        actor,
        wanted,
        limits=Limits(support=1_000_000, alone=0),
        ask_after=timedelta(seconds=20),
    )
    assert made.refund.state == "waiting"
    return made.refund.id


def ask_back(
    payer_id: PersonId, payment_id: PaymentId, amount: int | None = None, *, note: str = "It is too easy."
) -> RefundRequestId:
    """A payer's request that waits for a person: the policy in force has to send it there."""
    with db.reading() as session:
        payer = get_person(session, payer_id)
    actor = Actor(payer.person_id, payer.name, "page", request_id="req_test", address="")
    wish = refund_requests.Wish(payment_id, amount, "wrong_level", note, despite_policy=True)
    made = refund_requests.ask(
        StripeConnection(load_settings({})), payer, actor, wish, ask_after=timedelta(seconds=20)
    )
    assert made.state == "open"
    return made.id


def refund_many(staff_id: PersonId, payment_ids: list[PaymentId]) -> BulkRefundId:
    """A run of refunds that nobody works on."""
    with db.reading() as session:
        staff = get_person(session, staff_id)
        plan = bulk_refunding.plan(session, payment_ids, Limits(1_000_000, 1_000_000))
    actor = Actor(staff.person_id, staff.name, "page", request_id="req_test", address="")
    with db.transaction() as session:
        return bulk_refunding.start(
            session,
            staff,
            actor,
            payment_ids,
            reason="course_withdrawn",
            note="The course is withdrawn.",
            token=plan.token,
            typed_count=str(len(plan.items)),
            limits=Limits(1_000_000, 1_000_000),
        )


def set_policy(
    by: PersonId, *, days: int = 14, most_progress: int = 30, automatic_up_to: Money | None = None
) -> None:
    """A new refund policy, in force from now on."""
    with db.transaction() as session:
        version = policy_in_force(session).version + 1
        policy = Policy(version, days, most_progress, automatic_up_to, f"{days} days, {most_progress}%.")
        refund_policies.add_version(session, policy, why="Tried out", created_by=by)


def add_learners(numbers: Iterable[int]) -> list[PersonId]:
    """A learner for each number."""
    return [add_person(f"learner{n}@market.test", f"Learner Number {n}", "learner") for n in numbers]


def _customer(payer_id: PersonId) -> str:
    return f"cus_{payer_id.hex}"


def _intent_id(payment_id: PaymentId) -> str:
    return f"pi_{payment_id.hex}"
