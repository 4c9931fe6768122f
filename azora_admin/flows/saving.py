"""People save what they pay with: reserve the setup, send it to Stripe, record; methods are kept as Stripe has them.

The card is typed into Stripe's own form in the person's app and never reaches us: what is kept here stands on the card
for anybody to see. A removed method is used no more from the commit on; a job takes it from its customer at Stripe.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.ids import MethodId, PersonId, SetupId
from azora_admin.flows.finishing import Finish, unanswered
from azora_admin.flows.introducing import customer_of
from azora_admin.gateways.stripe import methods as gateway
from azora_admin.gateways.stripe.client import NoAnswer, Refused, StripeConnection
from azora_admin.gateways.stripe.shapes import Method, Setup
from azora_admin.identity.actions import audit
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.messaging import outbox
from azora_admin.messaging.replies import KEPT_FOR
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import methods
from azora_admin.payments.queries import methods as saved
from azora_admin.payments.queries.methods import MethodView, SetupView
from azora_admin.payments.rules.methods import OVER, UNSENT, may_be_sent
from azora_admin.payments.rules.settlement import ABANDONED_AFTER

_BATCH: Final = 200
_CAN_BE_CANCELLED: Final = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


@dataclass(frozen=True, slots=True)
class Begun:
    """A setup that the person's app confirms with ``client_secret``."""

    setup: SetupView
    client_secret: str


@dataclass(frozen=True, slots=True)
class SetupNews:
    """What Stripe says now of a setup, and of the method that it saved."""

    setup: Setup
    method: Method | None

    @property
    def names_ours(self) -> bool:
        return self.setup.setup_id is not None

    def settle(self, session: Session, *, cause: str) -> bool:
        """Bring the setup there; its method is the person's. False when it is not one of ours."""
        db.lock(session, outbox.stripe_lock(self.setup.id))
        person_id = methods.follow_setup(session, self.setup)
        if person_id is not None and self.method is not None:
            MethodNews(self.method).settle(session, cause=cause)
        return person_id is not None


@dataclass(frozen=True, slots=True)
class MethodNews:
    """What Stripe says now of a method. Events come in any order: whose it is now is what counts."""

    method: Method
    names_ours: bool = False

    def settle(self, session: Session, *, cause: str) -> bool:
        """Keep the method as its owner's, or know that it is nobody's any more. False for a stranger's."""
        db.lock(session, outbox.stripe_lock(self.method.id))
        if self.method.customer_id is None:
            return methods.drop(session, self.method.id)
        person_id = saved.find_person_id(session, self.method.customer_id)
        if person_id is not None:
            db.lock(session, _lock_of(person_id))
            methods.keep(session, person_id, self.method)
        return person_id is not None


def begin(
    stripe: StripeConnection,
    person: SignedIn,
    actor: Actor,
    *,
    request_key: str | None,
    ask_after: timedelta,
    finish: Finish[Begun] = unanswered,
) -> Begun:
    """Have Stripe ready to save a method of the person's. Raises NoAnswer: the same request later goes on with it."""
    with db.transaction() as session:
        setup_id = _reserve(session, person.person_id, request_key, ask_after=ask_after)
    return _send(stripe, person, setup_id, cause=actor.cause, finish=finish)


def choose(session: Session, actor: Actor, *, person_id: PersonId, method_id: MethodId) -> MethodView:
    """The method that is charged where none is named. Raises NotFound."""
    db.lock(session, _lock_of(person_id))
    method = saved.get_method(session, method_id, person_id=person_id)
    methods.choose(session, person_id, method_id)
    _note(session, actor, "chosen", method)
    return saved.get_method(session, method_id, person_id=person_id)


def remove(session: Session, actor: Actor, *, person_id: PersonId, method_id: MethodId) -> None:
    """The method is used no more, and is taken from its customer at Stripe by a job. Raises NotFound."""
    db.lock(session, _lock_of(person_id))
    method = saved.get_method(session, method_id, person_id=person_id)
    methods.remove(session, person_id, method_id)
    _note(session, actor, "removed", method)
    outbox.enqueue(
        session, outbox.DETACH_METHOD, {"method": method.stripe_id}, lock=outbox.stripe_lock(method.stripe_id)
    )


def follow_method(stripe: StripeConnection, stripe_method_id: str) -> None:
    """Bring what is kept of a method to what Stripe says. Raises NoAnswer, Refused."""
    news = MethodNews(gateway.fetch_method(stripe, stripe_method_id))
    with db.transaction() as session:
        news.settle(session, cause="ask")


def fetch_setup(stripe: StripeConnection, intent_id: str) -> SetupNews:
    """The setup and, once it succeeded, its method."""
    return _with_method(stripe, gateway.fetch_setup(stripe, intent_id))


def enqueue_due(*, first_pause: timedelta) -> int:
    """Enqueue an ask for every setup that is due, with its next time. Returns how many."""
    with db.transaction() as session:
        due = methods.take_due_setups(session, first_pause=first_pause, limit=_BATCH)
        for setup_id in due:
            outbox.enqueue(
                session, outbox.ASK_FOR_SETUP, {"setup_id": str(setup_id)}, lock=f"setup:{setup_id}"
            )
    return len(due)


def ask(stripe: StripeConnection, setup_id: SetupId) -> None:
    """Bring the setup to what Stripe says now; what nobody finished within a day is cancelled. Raises NoAnswer."""
    with db.reading() as session:
        setup = saved.get_setup(session, setup_id)
        person = get_person(session, setup.person_id)
    if setup.state in OVER:
        return
    if setup.state in UNSENT and may_be_sent(setup.created_at, now=clock.now()):
        _send(stripe, person, setup_id, cause="ask")
        return
    told = _look_for(stripe, setup, person)
    if told is None:
        with db.transaction() as session:
            methods.give_up_setup(session, setup_id)
        return
    if clock.now() - setup.created_at > ABANDONED_AFTER and told.status in _CAN_BE_CANCELLED:
        told = _cancel(stripe, told, setup_id)
    news = _with_method(stripe, told)
    with db.transaction() as session:
        news.settle(session, cause="ask")


def _reserve(
    session: Session, person_id: PersonId, request_key: str | None, *, ask_after: timedelta
) -> SetupId:
    if request_key is not None:
        db.lock(session, f"setup:{person_id}:{request_key}")
        since = clock.now() - KEPT_FOR
        known = saved.find_setup_by_request(
            session, person_id=person_id, request_key=request_key, since=since
        )
        if known is not None:
            return known.id
    return methods.begin_setup(session, person_id, request_key=request_key, ask_after=ask_after)


def _send(
    stripe: StripeConnection,
    person: SignedIn,
    setup_id: SetupId,
    *,
    cause: str,
    finish: Finish[Begun] = unanswered,
) -> Begun:
    with db.reading() as session:
        setup = saved.get_setup(session, setup_id)
    try:
        if setup.stripe_setup_intent_id is None:
            request = gateway.SetupRequest(setup_id, customer_of(stripe, person))
            told = gateway.create_setup(stripe, request)
        else:
            told = gateway.fetch_setup(stripe, setup.stripe_setup_intent_id)
        news = _with_method(stripe, told)
    except NoAnswer:
        with db.transaction() as session:
            methods.mark_setup_unknown(session, setup_id)
        raise
    with db.transaction() as session:
        news.settle(session, cause=cause)
        begun = Begun(saved.get_setup(session, setup_id), told.client_secret)
        finish(session, begun)
    return begun


def _look_for(stripe: StripeConnection, setup: SetupView, person: SignedIn) -> Setup | None:
    if setup.stripe_setup_intent_id is not None:
        return gateway.fetch_setup(stripe, setup.stripe_setup_intent_id)
    with db.reading() as session:
        customer_id = payments.find_customer_id(session, person.person_id)
    if customer_id is None:
        return None
    return gateway.find_setup(stripe, gateway.SetupRequest(setup.id, customer_id))


def _cancel(stripe: StripeConnection, told: Setup, setup_id: SetupId) -> Setup:
    try:
        return gateway.cancel_setup(stripe, told.id, setup_id=setup_id)
    except Refused:
        return gateway.fetch_setup(stripe, told.id)  # its method was saved between our two calls


def _with_method(stripe: StripeConnection, told: Setup) -> SetupNews:
    is_saved = told.status == "succeeded" and told.method_id is not None
    return SetupNews(told, gateway.fetch_method(stripe, told.method_id or "") if is_saved else None)


def _note(session: Session, actor: Actor, what: str, method: MethodView) -> None:
    name = f"{method.brand or method.kind} {method.last4 or ''}".strip()
    audit.record(
        session,
        actor,
        act=f"payment_method.{what}",
        subject=Subject("payment_method", str(method.id), name),
        after={"person_id": method.person_id},
    )


def _lock_of(person_id: PersonId) -> str:
    return f"methods:{person_id}"
