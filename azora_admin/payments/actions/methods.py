"""What people saved to pay with: kept as Stripe tells it, chosen, removed for good, and charged one try at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import NotFound
from azora_admin.core.ids import MethodId, PaymentId, PersonId, SetupId, new_id
from azora_admin.gateways.stripe.client import NoAnswer
from azora_admin.gateways.stripe.shapes import Method, Setup
from azora_admin.payments.rules.methods import OVER, UNSENT, next_state
from azora_admin.payments.rules.settlement import next_ask
from azora_admin.payments.tables import MethodSetup, PaymentAttempt, PaymentMethod


def keep(session: Session, person_id: PersonId, told: Method) -> None:
    """Write the method down as it is now. What was removed here stays removed; the first one is the default."""
    now = clock.now()
    shown = {
        "brand": told.brand,
        "last4": told.last4,
        "exp_month": told.exp_month,
        "exp_year": told.exp_year,
        "changed_at": now,
    }
    wanted = upsert(PaymentMethod).values(
        id=new_id(),
        person_id=person_id,
        stripe_payment_method_id=told.id,
        kind=told.kind,
        is_default=False,
        saved_at=now,
        **shown,
    )
    session.execute(
        wanted.on_conflict_do_update(
            index_elements=["stripe_payment_method_id"],
            set_=shown,
            where=PaymentMethod.removed_at.is_(None),
        )
    )
    _have_a_default(session, person_id)


def drop(session: Session, stripe_method_id: str) -> bool:
    """Stripe says that the method is nobody's any more. False when it was not known here."""
    owner = session.scalar(
        select(PaymentMethod.person_id).where(PaymentMethod.stripe_payment_method_id == stripe_method_id)
    )
    if owner is None:
        return False
    now = clock.now()
    session.execute(
        update(PaymentMethod)
        .where(PaymentMethod.stripe_payment_method_id == stripe_method_id, PaymentMethod.removed_at.is_(None))
        .values(removed_at=now, changed_at=now, is_default=False)
    )
    _have_a_default(session, PersonId(owner))
    return True


def choose(session: Session, person_id: PersonId, method_id: MethodId) -> None:
    """The method that is charged where none is named."""
    own = PaymentMethod.person_id == person_id
    session.execute(update(PaymentMethod).where(own, PaymentMethod.is_default).values(is_default=False))
    session.execute(update(PaymentMethod).where(own, PaymentMethod.id == method_id).values(is_default=True))


def begin_setup(
    session: Session, person_id: PersonId, *, request_key: str | None, ask_after: timedelta
) -> SetupId:
    """Write down that the person is about to save a method, before Stripe hears of it."""
    now = clock.now()
    setup_id = SetupId(new_id())
    session.execute(
        insert(MethodSetup).values(
            id=setup_id,
            person_id=person_id,
            request_key=request_key,
            state="reserved",
            created_at=now,
            changed_at=now,
            next_ask_at=now + ask_after,
            ask_count=0,
        )
    )
    return setup_id


def mark_setup_unknown(session: Session, setup_id: SetupId) -> None:
    """Stripe did not answer: the setup is asked about until it does."""
    session.execute(
        update(MethodSetup)
        .where(MethodSetup.id == setup_id, MethodSetup.state == "reserved")
        .values(state="unknown", changed_at=clock.now())
    )


def give_up_setup(session: Session, setup_id: SetupId) -> None:
    """A setup that never reached Stripe is over."""
    session.execute(
        update(MethodSetup)
        .where(MethodSetup.id == setup_id, MethodSetup.state.in_(UNSENT))
        .values(state="cancelled", changed_at=clock.now(), next_ask_at=None)
    )


def follow_setup(session: Session, told: Setup) -> PersonId | None:
    """Bring the setup to what Stripe says. Returns whose it is; None when it is not one of ours."""
    by_ours = MethodSetup.stripe_setup_intent_id.is_(None) & (MethodSetup.id == told.setup_id)
    known = MethodSetup.stripe_setup_intent_id == told.id
    statement = select(MethodSetup).where(known | by_ours if told.setup_id else known).with_for_update()
    row = session.scalars(statement).one_or_none()
    if row is None:
        return None
    state = next_state(row.state, told.status) or row.state
    failure = told.refusal if state not in OVER else None
    session.execute(
        update(MethodSetup)
        .where(MethodSetup.id == row.id)
        .values(
            state=state,
            stripe_setup_intent_id=told.id,
            failure_code=failure.code if failure else None,
            failure_message=failure.message if failure else None,
            changed_at=clock.now() if state != row.state else MethodSetup.changed_at,
            next_ask_at=None if state in OVER else MethodSetup.next_ask_at,
        )
    )
    return PersonId(row.person_id)


def take_due_setups(session: Session, *, first_pause: timedelta, limit: int) -> Sequence[SetupId]:
    """The setups that nothing was heard of for long enough; each gets the time of its next ask."""
    now = clock.now()
    due = session.execute(
        select(MethodSetup.id, MethodSetup.ask_count, MethodSetup.created_at)
        .where(MethodSetup.next_ask_at <= now, MethodSetup.parked_at.is_(None))
        .order_by(MethodSetup.next_ask_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in due:
        count = row.ask_count + 1
        at = next_ask(row.created_at, now=now, count=count, first=first_pause)
        session.execute(
            update(MethodSetup).where(MethodSetup.id == row.id).values(next_ask_at=at, ask_count=count)
        )
    return [SetupId(row.id) for row in due]


def attempt(session: Session, payment_id: PaymentId, method_id: MethodId, *, off_session: bool) -> None:
    """Write down that the method is to be charged, before Stripe hears of it.

    Raises NoAnswer while an earlier try's outcome is not known.
    """
    taken = select(PaymentAttempt.number, PaymentAttempt.state).where(PaymentAttempt.payment_id == payment_id)
    last = session.execute(taken.order_by(PaymentAttempt.number.desc()).limit(1)).one_or_none()
    if last is not None and last.state != "answered":
        raise NoAnswer
    session.execute(
        insert(PaymentAttempt).values(
            payment_id=payment_id,
            number=last.number + 1 if last else 1,
            method_id=method_id,
            off_session=off_session,
            state="reserved",
            reserved_at=clock.now(),
        )
    )


def mark_attempt_unknown(session: Session, payment_id: PaymentId) -> None:
    """Stripe did not answer: what became of the try is asked until it is known."""
    session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.payment_id == payment_id, PaymentAttempt.state == "reserved")
        .values(state="unknown")
    )


def end_attempt(session: Session, payment_id: PaymentId, *, outcome: str) -> None:
    """The open try's outcome is known."""
    session.execute(
        update(PaymentAttempt)
        .where(PaymentAttempt.payment_id == payment_id, PaymentAttempt.state != "answered")
        .values(state="answered", outcome=outcome, answered_at=clock.now())
    )


def remove(session: Session, person_id: PersonId, method_id: MethodId) -> str:
    """The method is used no more. Returns its id at Stripe, where it is to be detached. Raises NotFound."""
    now = clock.now()
    stripe_id: str | None = session.scalar(
        update(PaymentMethod)
        .where(
            PaymentMethod.id == method_id,
            PaymentMethod.person_id == person_id,
            PaymentMethod.removed_at.is_(None),
        )
        .values(removed_at=now, changed_at=now, is_default=False)
        .returning(PaymentMethod.stripe_payment_method_id)
    )
    if stripe_id is None:
        raise NotFound("payment_method_not_found", "There is no such payment method, or it was removed.")
    _have_a_default(session, person_id)
    return stripe_id


def _have_a_default(session: Session, person_id: PersonId) -> None:
    """Where no method is the default, the one saved last is."""
    own = (PaymentMethod.person_id == person_id, PaymentMethod.removed_at.is_(None))
    if session.scalar(select(func.count()).where(*own, PaymentMethod.is_default)):
        return
    last = (
        select(PaymentMethod.id).where(*own).order_by(PaymentMethod.saved_at.desc(), PaymentMethod.id.desc())
    )
    session.execute(
        update(PaymentMethod)
        .where(PaymentMethod.id == last.limit(1).scalar_subquery())
        .values(is_default=True)
    )
