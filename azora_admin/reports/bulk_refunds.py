"""Runs of many refunds: how far each is, and what became of every item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, case, func, select
from sqlalchemy.orm import Session, aliased

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import BulkRefundId, PaymentId, PersonId
from azora_admin.core.money import Money
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.identity.tables import Person
from azora_admin.marketplace.tables import Course
from azora_admin.payments.tables import BulkRefund, BulkRefundItem, Payment, Refund
from azora_admin.reports.keyset import newest_first

_ASKER: Final = aliased(Person, name="asker")
_APPROVER: Final = aliased(Person, name="approver")
_ENDER: Final = aliased(Person, name="ender")
_PAYER: Final = aliased(Person, name="payer")
# What became of an item: the state of its refund, once it has one.
_OUTCOME: Final = case((BulkRefundItem.state == "made", Refund.state), else_=BulkRefundItem.state)


@dataclass(frozen=True, slots=True)
class Run:
    """A run; ``outcomes`` counts its items by what became of them."""

    id: BulkRefundId
    state: str
    asked_by_id: PersonId
    asked_by: str
    approved_by: str | None
    ended_by: str | None
    why_ended: str | None
    reason: str
    note: str
    count: int
    requested_at: datetime
    ended_at: datetime | None
    outcomes: Mapping[str, int]

    @property
    def done(self) -> int:
        """How many items are over."""
        return self.count - self.outcomes.get("queued", 0)

    @property
    def is_moving(self) -> bool:
        return self.state == "running"


@dataclass(frozen=True, slots=True)
class RunItem:
    """One payment of a run; ``why``: why it was refused, or its refund failed; ``legs_hash``: the lines agreed to."""

    id: Any
    payment_id: PaymentId
    payer_email: str
    title: str
    amount: Money
    outcome: str
    why: str | None
    legs_hash: bytes | None
    at: datetime


@dataclass(frozen=True, slots=True)
class RunPage:
    """A run with its sums and a page of its items."""

    run: Run
    sums: Sequence[Money]
    items: Page[RunItem]


def list_runs(session: Session, *, limit: int, cursor: Cursor | None) -> Page[Run]:
    """One keyset page of the runs, newest first. Two statements."""
    found = session.execute(
        newest_first(_runs(), BulkRefund.requested_at, BulkRefund.id, limit=limit, cursor=cursor)
    ).all()
    outcomes = _outcomes(session, [row.id for row in found])
    return page_of(
        [_run(row, outcomes.get(row.id, {})) for row in found],
        limit=limit,
        cursor=cursor,
        key=lambda one: (one.requested_at, one.id),
    )


def run_page(session: Session, bulk_id: BulkRefundId, *, limit: int, cursor: Cursor | None) -> RunPage:
    """The run and a page of its items, the last first. Four statements. Raises NotFound."""
    row = session.execute(_runs().where(BulkRefund.id == bulk_id)).one_or_none()
    if row is None:
        raise NotFound("bulk_refund_not_found", "There is no such run.")
    sums = session.execute(
        select(BulkRefundItem.currency, func.sum(BulkRefundItem.amount_minor))
        .where(BulkRefundItem.bulk_refund_id == bulk_id)
        .group_by(BulkRefundItem.currency)
        .order_by(BulkRefundItem.currency)
    ).all()
    return RunPage(
        _run(row, _outcomes(session, [row.id]).get(row.id, {})),
        [Money(int(amount), currency) for currency, amount in sums],
        _items(session, bulk_id, limit=limit, cursor=cursor),
    )


def _outcomes(session: Session, ids: Sequence[Any]) -> Mapping[Any, Mapping[str, int]]:
    rows = session.execute(
        select(BulkRefundItem.bulk_refund_id, _OUTCOME.label("outcome"), func.count().label("count"))
        .outerjoin(Refund, Refund.id == BulkRefundItem.refund_id)
        .where(BulkRefundItem.bulk_refund_id.in_(ids))
        .group_by(BulkRefundItem.bulk_refund_id, _OUTCOME)
    ).all()
    found: dict[Any, Counter[str]] = {}
    for row in rows:
        found.setdefault(row.bulk_refund_id, Counter())[row.outcome] += row._mapping["count"]  # noqa: SLF001
    return found


def _items(session: Session, bulk_id: BulkRefundId, *, limit: int, cursor: Cursor | None) -> Page[RunItem]:
    wanted = (
        select(
            BulkRefundItem.id,
            BulkRefundItem.payment_id,
            _PAYER.email,
            func.coalesce(Course.title, Payment.description).label("title"),
            BulkRefundItem.amount_minor,
            BulkRefundItem.currency,
            _OUTCOME.label("outcome"),
            func.coalesce(BulkRefundItem.refusal, Refund.failure_reason).label("why"),
            BulkRefundItem.legs_hash,
            BulkRefund.requested_at,
        )
        .join(BulkRefund, BulkRefund.id == BulkRefundItem.bulk_refund_id)
        .join(Payment, Payment.id == BulkRefundItem.payment_id)
        .join(_PAYER, _PAYER.id == Payment.payer_id)
        .outerjoin(Course, Course.id == Payment.course_id)
        .outerjoin(Refund, Refund.id == BulkRefundItem.refund_id)
        .where(BulkRefundItem.bulk_refund_id == bulk_id)
    )
    # All items of a run have its time: their ids alone order them.
    found = session.execute(
        newest_first(wanted, BulkRefund.requested_at, BulkRefundItem.id, limit=limit, cursor=cursor)
    ).all()
    return page_of(
        [_item(row) for row in found], limit=limit, cursor=cursor, key=lambda one: (one.at, one.id)
    )


def _runs() -> Select[*tuple[Any, ...]]:
    return (
        select(
            BulkRefund.id,
            BulkRefund.state,
            BulkRefund.requested_by,
            _ASKER.name.label("asked_by"),
            _APPROVER.name.label("approved_by"),
            _ENDER.name.label("ended_by"),
            BulkRefund.why_ended,
            BulkRefund.reason,
            BulkRefund.note,
            BulkRefund.item_count,
            BulkRefund.requested_at,
            BulkRefund.ended_at,
        )
        .join(_ASKER, _ASKER.id == BulkRefund.requested_by)
        .outerjoin(_APPROVER, _APPROVER.id == BulkRefund.approved_by)
        .outerjoin(_ENDER, _ENDER.id == BulkRefund.ended_by)
    )


def _run(row: Row[*tuple[Any, ...]], outcomes: Mapping[str, int]) -> Run:
    return Run(*tuple(row), outcomes)  # type: ignore[call-arg]  # the columns are its fields


def _item(row: Row[*tuple[Any, ...]]) -> RunItem:
    return RunItem(
        row.id,
        PaymentId(row.payment_id),
        row.email,
        row.title,
        Money(row.amount_minor, row.currency),
        row.outcome,
        row.why,
        row.legs_hash,
        row.requested_at,
    )
