"""Reading what people saved to pay with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import MethodId, PaymentId, PersonId, SetupId
from azora_admin.core.revisions import revision
from azora_admin.payments.tables import Customer, MethodSetup, PaymentAttempt, PaymentMethod


@dataclass(frozen=True, slots=True)
class MethodView:
    """A saved method: what stands on the card, and which Stripe id it has."""

    id: MethodId
    person_id: PersonId
    stripe_id: str
    kind: str
    brand: str | None
    last4: str | None
    exp_month: int | None
    exp_year: int | None
    is_default: bool
    saved_at: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class SetupView:
    """A method that is about to be saved."""

    id: SetupId
    person_id: PersonId
    state: str
    stripe_setup_intent_id: str | None
    failure_code: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AttemptView:
    """A try to charge a saved method whose outcome is not known yet."""

    payment_id: PaymentId
    number: int
    stripe_method_id: str
    off_session: bool
    reserved_at: datetime


def methods_of(session: Session, person_id: PersonId) -> Sequence[MethodView]:
    """What the person has saved, the oldest first: a handful."""
    rows = session.execute(
        select(PaymentMethod, revision(PaymentMethod))
        .where(PaymentMethod.person_id == person_id, PaymentMethod.removed_at.is_(None))
        .order_by(PaymentMethod.saved_at, PaymentMethod.id)
        .limit(100)
    )
    return [_view(one, seen) for one, seen in rows]


def get_method(session: Session, method_id: MethodId, *, person_id: PersonId) -> MethodView:
    """The person's own method. Raises NotFound, for somebody else's too."""
    row = session.execute(
        select(PaymentMethod, revision(PaymentMethod)).where(
            PaymentMethod.id == method_id,
            PaymentMethod.person_id == person_id,
            PaymentMethod.removed_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        raise NotFound("payment_method_not_found", "There is no such payment method, or it was removed.")
    return _view(*row)


def get_setup(session: Session, setup_id: SetupId) -> SetupView:
    """A setup by our id. Raises NotFound."""
    row = session.get(MethodSetup, setup_id)
    if row is None:
        raise NotFound
    return _setup(row)


def find_setup_by_request(
    session: Session, *, person_id: PersonId, request_key: str, since: datetime
) -> SetupView | None:
    """What the person's request with this key began after ``since`` and is not over; None when there is nothing."""
    row = session.scalars(
        select(MethodSetup)
        .where(
            MethodSetup.person_id == person_id,
            MethodSetup.request_key == request_key,
            MethodSetup.created_at > since,
            MethodSetup.state != "cancelled",
        )
        .order_by(MethodSetup.created_at.desc())
        .limit(1)
    ).one_or_none()
    return _setup(row) if row else None


def find_person_id(session: Session, stripe_customer_id: str) -> PersonId | None:
    """Who a customer of Stripe's is; None when it is nobody of ours."""
    found = session.scalar(
        select(Customer.person_id).where(Customer.stripe_customer_id == stripe_customer_id)
    )
    return PersonId(found) if found else None


def find_open_attempt(session: Session, payment_id: PaymentId) -> AttemptView | None:
    """The one try whose outcome is not known; None when there is none."""
    row = session.execute(
        select(
            PaymentAttempt.payment_id,
            PaymentAttempt.number,
            PaymentMethod.stripe_payment_method_id,
            PaymentAttempt.off_session,
            PaymentAttempt.reserved_at,
        )
        .join(PaymentMethod, PaymentMethod.id == PaymentAttempt.method_id)
        .where(PaymentAttempt.payment_id == payment_id, PaymentAttempt.state != "answered")
    ).one_or_none()
    if row is None:
        return None
    return AttemptView(
        PaymentId(row.payment_id),
        row.number,
        row.stripe_payment_method_id,
        row.off_session,
        row.reserved_at,
    )


def _setup(row: MethodSetup) -> SetupView:
    return SetupView(
        SetupId(row.id),
        PersonId(row.person_id),
        row.state,
        row.stripe_setup_intent_id,
        row.failure_code,
        row.created_at,
    )


def _view(one: PaymentMethod, seen: int) -> MethodView:
    return MethodView(
        id=MethodId(one.id),
        person_id=PersonId(one.person_id),
        stripe_id=one.stripe_payment_method_id,
        kind=one.kind,
        brand=one.brand,
        last4=one.last4,
        exp_month=one.exp_month,
        exp_year=one.exp_year,
        is_default=one.is_default,
        saved_at=one.saved_at,
        revision=seen,
    )
