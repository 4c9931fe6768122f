"""Reading what payers ask to have refunded, with what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, exists, func, select, tuple_
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import PaymentId, PersonId, RefundId, RefundRequestId
from azora_admin.core.money import Money
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.core.revisions import revision
from azora_admin.payments.tables import Refund, RefundRequest


@dataclass(frozen=True, slots=True)
class RefundRequestView:
    """A request; ``refund_state`` and ``failure_reason`` are those of its refund, once there is one."""

    id: RefundRequestId
    payment_id: PaymentId
    requested_by: PersonId
    amount: Money
    reason: str
    note: str
    verdict: str
    days: int
    progress: int
    state: str
    refund_id: RefundId | None
    refund_state: str | None
    failure_reason: str | None
    decline_reason: str | None
    requested_at: datetime
    decided_at: datetime | None
    revision: int


def get_request(
    session: Session, request_id: RefundRequestId, *, payer_id: PersonId | None = None
) -> RefundRequestView:
    """The request; with ``payer_id``, only if it is that payer's. Raises NotFound."""
    wanted = _requests().where(RefundRequest.id == request_id)
    if payer_id is not None:
        wanted = wanted.where(RefundRequest.requested_by == payer_id)
    row = session.execute(wanted).one_or_none()
    if row is None:
        raise NotFound("refund_request_not_found", "There is no such request.")
    return _view(row)


def requests_of(session: Session, payment_id: PaymentId) -> Sequence[RefundRequestView]:
    """Every request about the payment, newest first."""
    found = session.execute(
        _requests()
        .where(RefundRequest.payment_id == payment_id)
        .order_by(RefundRequest.requested_at.desc(), RefundRequest.id.desc())
    )
    return [_view(row) for row in found]


def find_request_of_refund(session: Session, refund_id: RefundId) -> RefundRequestView | None:
    """The request that led to the refund, or None."""
    row = session.execute(_requests().where(RefundRequest.refund_id == refund_id)).one_or_none()
    return _view(row) if row else None


def has_open_request(session: Session, payment_id: PaymentId) -> bool:
    """Whether a request about the payment is undecided."""
    found = exists().where(RefundRequest.payment_id == payment_id, RefundRequest.state == "open")
    return bool(session.scalar(select(found)))


def list_requests(
    session: Session, *, payer_id: PersonId, limit: int, cursor: Cursor | None
) -> Page[RefundRequestView]:
    """A payer's requests, newest first, one keyset page."""
    wanted = _requests().where(RefundRequest.requested_by == payer_id)
    if cursor:
        place = tuple_(RefundRequest.requested_at, RefundRequest.id)
        wanted = wanted.where(place < (cursor.at, cursor.id))
    found = session.execute(
        wanted.order_by(RefundRequest.requested_at.desc(), RefundRequest.id.desc()).limit(limit + 1)
    ).all()
    return page_of(
        [_view(row) for row in found],
        limit=limit,
        cursor=cursor,
        key=lambda one: (one.requested_at, one.id),
    )


def _requests() -> Select[*tuple[Any, ...]]:
    # Its refund goes on when the request doesn't: both rows make the revision.
    revised = revision(RefundRequest).op("#")(func.coalesce(revision(Refund), 0))
    return select(
        RefundRequest.id,
        RefundRequest.payment_id,
        RefundRequest.requested_by,
        RefundRequest.amount_minor,
        RefundRequest.currency,
        RefundRequest.reason,
        RefundRequest.note,
        RefundRequest.verdict,
        RefundRequest.days,
        RefundRequest.progress,
        RefundRequest.state,
        RefundRequest.refund_id,
        Refund.state.label("refund_state"),
        Refund.failure_reason,
        RefundRequest.decline_reason,
        RefundRequest.requested_at,
        RefundRequest.decided_at,
        revised.label("revised"),
    ).outerjoin(Refund, Refund.id == RefundRequest.refund_id)


def _view(row: Row[*tuple[Any, ...]]) -> RefundRequestView:
    request_id, payment_id, requested_by, amount_minor, currency, *after = row
    return RefundRequestView(request_id, payment_id, requested_by, Money(amount_minor, currency), *after)
