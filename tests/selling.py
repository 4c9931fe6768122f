"""A small shop on the real database and the real stand-in: people, courses, cards, and what the books say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import count
from typing import Any

import stripe
from sqlalchemy import select, text

from azora_admin.core import clock, db
from azora_admin.core.config import Settings
from azora_admin.core.ids import CourseId, MethodId, PaymentId, PersonId
from azora_admin.core.money import Money
from azora_admin.flows import checkout, refunding, saving
from azora_admin.gateways.stripe.client import API_VERSION, StripeConnection
from azora_admin.identity import actions as people
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import Actor, NewPerson, SignedIn
from azora_admin.jobs import stripe_events
from azora_admin.ledger import queries as ledger
from azora_admin.marketplace import actions as shelf
from azora_admin.marketplace import queries as courses
from azora_admin.marketplace.rules import check_course
from azora_admin.messaging import inbox
from azora_admin.messaging.inbox import Delivery
from azora_admin.messaging.tables import InboxEvent
from azora_admin.payments import queries
from azora_admin.payments.queries import RefundView
from azora_admin.payments.queries.methods import MethodView, methods_of
from azora_admin.payments.rules.refunds import Limits
from azora_admin.payments.tables import Payment, Refund
from tests.sandbox.stripe.stand_in import API_KEY, PUBLISHABLE_KEY, StandIn

ASK_AFTER = timedelta(seconds=20)
VISA = "pm_card_visa"
PRICE = Money(4900, "usd")
NO_LIMITS = Limits(support=1_000_000, alone=1_000_000)


@dataclass(frozen=True)
class Books:
    """What is written down of sales: the same whichever way the news of them came."""

    payments: list[
        tuple[str, int, str, int | None, str | None]
    ]  # status, amount, currency, fee, failure code
    entries: list[tuple[str, str, tuple[tuple[str, int], ...]]]  # kind, reference, legs
    grants: list[tuple[PersonId, CourseId, str, PaymentId | None]]


class Shop:
    """Sells courses. Its connection to Stripe tries once, so that a fault is seen."""

    def __init__(self, settings: Settings, stand_in: StandIn) -> None:
        self.settings = settings
        self.stand_in = stand_in
        self.stripe = StripeConnection(settings, read_seconds=10.0, retries=0)
        self.office = _sdk(stand_in, API_KEY)
        self._phone = _sdk(stand_in, PUBLISHABLE_KEY)
        self._numbers = count(1)

    def person(self, *roles: str) -> SignedIn:
        """Somebody new, a learner unless told otherwise."""
        number = next(self._numbers)
        person = NewPerson(f"person{number}@example.com", f"Person {number}", "")
        with db.transaction() as session:
            person_id = people.add_person(session, person, password_hash="none", roles=roles or ["learner"])
            return get_person(session, person_id)

    def course(
        self, price: Money = PRICE, *, shares: Mapping[str, int] | None = None, title: str = ""
    ) -> CourseId:
        """A published course; 70 % go to an instructor unless ``shares`` says otherwise."""
        instructor = self.person("instructor")
        draft = check_course(
            title=title or f"Course {next(self._numbers)}",
            summary="",
            category="Art",
            level="beginner",
            language="en",
            price=price,
        )
        with db.transaction() as session:
            course_id = shelf.create_course(
                session, draft, instructor_id=instructor.person_id, published_at=clock.now()
            )
            shelf.agree_split(
                session, course_id, shares=shares or {f"instructor:{instructor.person_id}": 7000}
            )
        return course_id

    def agree(self, course_id: CourseId, shares: Mapping[str, int]) -> None:
        """A new split agreement, in force from now on."""
        with db.transaction() as session:
            shelf.agree_split(session, course_id, shares=shares)

    def order(self, learner: SignedIn, course_id: CourseId) -> checkout.Purchase:
        """A purchase call that leads to a payment."""
        bought = self.buy(learner, course_id)
        assert isinstance(bought, checkout.Purchase)
        return bought

    def buy(self, learner: SignedIn, course_id: CourseId) -> checkout.Purchase | checkout.Enrolment:
        """The purchase call itself."""
        actor = Actor(learner.person_id, learner.name, "api", request_id="test", address="")
        return checkout.buy_course(self.stripe, learner, actor, course_id=course_id, ask_after=ASK_AFTER)

    def confirm(self, purchase: checkout.Purchase, card: str = VISA) -> str:
        """Pay as a phone does, with the SDK and the client secret. Returns the intent's status, or the decline."""
        intent_id = purchase.payment.stripe_payment_intent_id
        assert intent_id is not None
        try:
            # The SDK's types know no client_secret: it is what a phone has instead of a secret key.
            told: Any = {"payment_method": card, "client_secret": purchase.client_secret}
            intent = self._phone.v1.payment_intents.confirm(intent_id, told)
        except stripe.CardError as declined:
            body: Any = declined.json_body
            return str(body["error"].get("decline_code") or body["error"]["code"])
        return str(intent.status)

    def save(self, person: SignedIn, card: str = VISA) -> MethodId:
        """Save a card as a phone does, and hear of it. Returns the new method."""
        known = {one.id for one in self.methods(person)}
        actor = Actor(person.person_id, person.name, "api", request_id="test", address="")
        begun = saving.begin(self.stripe, person, actor, request_key=None, ask_after=ASK_AFTER)
        self.confirm_setup(begun, card)
        if self.office.v1.setup_intents.retrieve(str(begun.setup.stripe_setup_intent_id)).next_action:
            intent_id = begun.setup.stripe_setup_intent_id
            self.stand_in.control(f"/setup_intents/{intent_id}/authenticate", {"outcome": "approve"})
        self.hear()
        (new,) = [one.id for one in self.methods(person) if one.id not in known]
        return new

    def confirm_setup(self, begun: saving.Begun, card: str = VISA) -> str:
        """Type a card in as a phone does. Returns the setup intent's status, or the decline."""
        told: Any = {"payment_method": card, "client_secret": begun.client_secret}
        try:
            intent = self._phone.v1.setup_intents.confirm(str(begun.setup.stripe_setup_intent_id), told)
        except stripe.CardError as declined:
            body: Any = declined.json_body
            return str(body["error"].get("decline_code") or body["error"]["code"])
        return str(intent.status)

    def methods(self, person: SignedIn) -> Sequence[MethodView]:
        """What the person has saved."""
        with db.reading() as session:
            return methods_of(session, person.person_id)

    def hold_time(self) -> None:
        """Let it be at Stripe what time it is here, to the second, and stay so."""
        self.stand_in.control("/clock", {"now": int(clock.now().timestamp()), "frozen": True})

    def tell_fees(self) -> None:
        """Let the balance transactions of all charges arrive."""
        self.stand_in.control("/settle", {})

    def fail_next(self, path: str, kind: str, *, times: int = 1, method: str = "POST") -> None:
        """Have Stripe fail the next requests to ``path``."""
        if kind.startswith("timeout"):
            # Whoever waits for an answer that never comes should not do it for long.
            self.stripe = StripeConnection(self.settings, read_seconds=0.7, retries=0)
        self.stand_in.control("/faults", [{"method": method, "path": path, "kind": kind, "times": times}])

    def events(self, *types: str) -> list[Any]:
        """The events that Stripe has for us, oldest first; of some types only when they are named."""
        listed = self.office.v1.events.list({"limit": 100})
        wanted = types or tuple(stripe_events.FLOWS)
        return [event for event in reversed(listed.data) if event.type in wanted]

    def receive(self, event: Any) -> str:
        """Put the event into the inbox as the webhook does. Returns its id."""
        delivery = Delivery(event.id, event.type, event.data.object["id"], API_VERSION, event.created, b"{}")
        with db.transaction() as session:
            inbox.receive(session, delivery)
        return str(event.id)

    def handle(self, events: Sequence[Any]) -> None:
        """Receive and handle events, in the order given."""
        for event in events:
            stripe_events.handle(self.stripe, self.receive(event))

    def hear(self) -> None:
        """Everything that Stripe has told so far, in its order."""
        self.handle(self.events())

    def sell(self, learner: SignedIn, course_id: CourseId, card: str = VISA) -> PaymentId:
        """A sale from order to fee."""
        bought = self.order(learner, course_id)
        assert self.confirm(bought, card) == "succeeded"
        self.tell_fees()
        self.hear()
        return bought.payment.id

    def payment(self) -> Payment:
        """The one payment."""
        (payment,) = self.payments()
        return payment

    def payments(self) -> list[Payment]:
        """All payments, oldest first."""
        with db.reading() as session:
            return list(session.scalars(select(Payment).order_by(Payment.created_at, Payment.id)))

    def intents(self) -> list[stripe.PaymentIntent]:
        """All intents at Stripe, oldest first."""
        return list(reversed(self.office.v1.payment_intents.list({"limit": 100}).data))

    def inbox(self) -> dict[str, InboxEvent]:
        """Every event of the inbox by its id."""
        with db.reading() as session:
            return {row.id: row for row in session.scalars(select(InboxEvent))}

    def refund(
        self,
        payment_id: PaymentId,
        amount: int | None = None,
        *,
        by: SignedIn | None = None,
        limits: Limits = NO_LIMITS,
    ) -> RefundView:
        """Refund a payment as somebody from finance does."""
        staff = by or self.finance
        actor = Actor(staff.person_id, staff.name, "api", request_id="test", address="")
        wanted = refunding.Wanted(payment_id, amount, "requested_by_customer")
        return refunding.request(self.stripe, staff, actor, wanted, limits=limits, ask_after=ASK_AFTER).refund

    @cached_property
    def finance(self) -> SignedIn:
        """Somebody from finance."""
        return self.person("finance")

    def refunds(self) -> list[RefundView]:
        """All refunds, oldest first."""
        with db.reading() as session:
            ids = session.scalars(select(Refund.payment_id).distinct()).all()
            found = [one for payment_id in ids for one in queries.refunds_of(session, PaymentId(payment_id))]
        return sorted(found, key=lambda one: (one.requested_at, one.id))

    def refunds_at_stripe(self) -> list[stripe.Refund]:
        """All refunds at Stripe, oldest first."""
        return list(reversed(self.office.v1.refunds.list({"limit": 100}).data))

    def decide_refund(self, stripe_refund_id: str | None, outcome: str) -> None:
        """Have Stripe bring a refund to its end: ``succeed`` or ``fail``."""
        self.stand_in.control(f"/refunds/{stripe_refund_id}", {"outcome": outcome})

    def dispute(self, charge: Any, **how: Any) -> str:
        """Have the payer's bank ask for the money of a payment or charge. Returns Stripe's id of the dispute."""
        charge_id = charge.stripe_charge_id if isinstance(charge, Payment) else charge
        return str(self.stand_in.control(f"/charges/{charge_id}/disputes", how)["id"])

    def decide_dispute(self, stripe_dispute_id: str, outcome: str) -> None:
        """Have the bank bring a dispute on: ``win``, ``lose``, ``appeal`` …"""
        self.stand_in.control(f"/disputes/{stripe_dispute_id}", {"outcome": outcome})

    def balances(self) -> dict[str, int]:
        """Every account's balance, credit-positive, without those of nought."""
        statement = (
            "SELECT a.key, sum(l.amount) FROM ledger_leg l JOIN ledger_account a ON a.id = l.account_id"
            " GROUP BY a.key HAVING sum(l.amount) <> 0"
        )
        with db.reading() as session:
            return {key: int(amount) for key, amount in session.execute(text(statement))}

    def instructor_of(self, course_id: CourseId) -> PersonId:
        """Who teaches the course."""
        with db.reading() as session:
            return courses.get_course(session, course_id).instructor_id

    def open_purchases(self) -> set[PaymentId]:
        """The payments whose course is open."""
        statement = "SELECT payment_id FROM access_grant WHERE ended_at IS NULL AND payment_id IS NOT NULL"
        with db.reading() as session:
            return set(session.scalars(text(statement)))

    def changes(self) -> list[tuple[str | None, str, str | None, str]]:
        """Each step of the payments: from, to, reason, cause."""
        statement = "SELECT from_status, to_status, reason, cause FROM payment_change ORDER BY at, number"
        with db.reading() as session:
            return [tuple(row) for row in session.execute(text(statement))]

    def books(self) -> Books:
        """What is written down, and a proof that it is sound."""
        with db.snapshot() as session:
            assert list(ledger.prove(session)) == []
            payments = session.execute(
                text(
                    "SELECT status, amount_minor, currency, fee_minor, failure_code FROM payment ORDER BY id"
                )
            )
            legs = session.execute(
                text(
                    "SELECT e.kind, e.reference, a.key, l.amount FROM ledger_entry e"
                    " JOIN ledger_leg l ON l.entry_id = e.id JOIN ledger_account a ON a.id = l.account_id"
                    " ORDER BY e.reference, e.kind DESC, a.key"
                )
            )
            entries: dict[tuple[str, str], list[tuple[str, int]]] = {}
            for kind, reference, key, amount in legs:
                entries.setdefault((kind, reference), []).append((key, amount))
            grants = session.execute(
                text("SELECT learner_id, course_id, reason, payment_id FROM access_grant ORDER BY id")
            )
            return Books(
                [tuple(row) for row in payments],
                [(*fact, tuple(legs)) for fact, legs in entries.items()],
                [tuple(row) for row in grants],
            )


def _sdk(stand_in: StandIn, key: str) -> stripe.StripeClient:
    stripe.enable_telemetry = False
    return stripe.StripeClient(
        key,
        base_addresses={
            "api": stand_in.base,
            "connect": stand_in.base,
            "files": stand_in.base,
            "meter_events": stand_in.base,
        },
        stripe_version=API_VERSION,
        max_network_retries=0,
    )
