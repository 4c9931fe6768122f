"""Differences between the book and Stripe's statement: as rows, and one of them with both its sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from azora_admin.core.ids import PaymentId
from azora_admin.core.money import Money
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.identity.tables import Person
from azora_admin.ledger.queries import BookedEntry, entries_for_reference
from azora_admin.ledger.rules import Leg
from azora_admin.payments.tables import Payment
from azora_admin.reconciliation.queries import (
    DecisionView,
    DifferenceView,
    count_by_state,
    decisions_of,
    difference_view,
    differences_query,
    get_difference,
    sharing,
)
from azora_admin.reconciliation.queries.sources import REFERENCES
from azora_admin.reconciliation.rules.corrections import correction_legs, counters_for
from azora_admin.reconciliation.rules.movements import Movement, Sum, of
from azora_admin.reconciliation.tables import BalanceTransaction, ReconciliationDifference
from azora_admin.reports.accounts import account_words, owner_names
from azora_admin.reports.entries import EntryView, entry_views
from azora_admin.reports.keyset import newest_first
from azora_admin.reports.payment_rows import PaymentRow, payment_row, payment_rows

# Both sides of one object are a handful of lines.
_LINES: Final = 20
_ABOUT: Final = text(
    "WITH wanted AS (SELECT CAST(:source AS text) AS source, CAST(:category AS text) AS category)"  # noqa: S608
    f" SELECT reference, kind FROM ({REFERENCES}) r LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class DifferenceList:
    """A page of differences, and how many are in each state that is not over."""

    page: Page[DifferenceView]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SideRow:
    """One currency of both sides; an amount is None where it can't be a Money."""

    name: str
    theirs: Money | None
    ours: Money | None
    gap: Money | None


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A line of Stripe's statement as people read it; ``raw``: Stripe's own integers, where they can't be read."""

    id: str
    type: str
    amount: Money | None
    fee: Money | None
    raw: str
    exchange_rate: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class LegLine:
    """A leg that would be posted, in words."""

    account: str
    debit: Money | None
    credit: Money | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A decision with the names of those who made it."""

    decision: DecisionView
    proposed_by: str
    decided_by: str | None
    legs: Sequence[LegLine]


@dataclass(frozen=True, slots=True)
class DifferencePage:
    """One difference: both sides, what is suggested against ``counter``, and everything that was decided.

    ``counter_matters``: the entry has a leg there; a fee alone has none.
    """

    difference: DifferenceView
    rows: Sequence[SideRow]
    lines: Sequence[StatementLine]
    entries: Sequence[EntryView]
    payment: PaymentRow | None
    counters: Sequence[tuple[str, str]]
    counter: str
    counter_matters: bool
    legs: Sequence[LegLine]
    proposals: Sequence[Proposal]

    @property
    def waiting(self) -> Proposal | None:
        """The proposal that a second person is asked about."""
        return next((one for one in self.proposals if one.decision.state == "waiting"), None)


@dataclass(frozen=True, slots=True)
class _Booked:
    """The entries about the object itself, and those of its payment."""

    about: Sequence[BookedEntry]
    of_payment: Sequence[BookedEntry]


def list_differences(
    session: Session, *, state: str, day: date | None, limit: int, cursor: Cursor | None
) -> DifferenceList:
    """One keyset page, the latest first; of a state or a day alone if one is named. Two statements."""
    wanted = differences_query()
    if state:
        wanted = wanted.where(ReconciliationDifference.state == state)
    if day:
        wanted = wanted.where(ReconciliationDifference.day == day)
    place = (ReconciliationDifference.began_at, ReconciliationDifference.id)
    rows = session.execute(newest_first(wanted, *place, limit=limit, cursor=cursor)).all()
    page = page_of(
        [difference_view(row) for row in rows],
        limit=limit,
        cursor=cursor,
        key=lambda one: (one.movement.began_at, one.id),
    )
    return DifferenceList(page, count_by_state(session))


def difference_page(session: Session, difference_id: UUID, *, counter: str) -> DifferencePage:
    """One difference, whole. ``counter``: the account to suggest against, if it may be. Raises NotFound."""
    difference = get_difference(session, difference_id)
    movement = difference.movement
    booked = _booked(session, difference)
    counters = counters_for(movement, sharing(booked.of_payment))
    chosen = counter if counter in counters else counters[0]
    legs = correction_legs(movement, chosen)
    decisions = decisions_of(session, difference_id)
    owners = owner_names(
        session, [*counters, *(leg.key for one in decisions for leg in one.legs), *(leg.key for leg in legs)]
    )
    return DifferencePage(
        difference=difference,
        rows=_rows(movement),
        lines=_lines(session, movement),
        entries=entry_views(session, booked.about),
        payment=_payment(session, difference.payment_id),
        counters=[(key, account_words(key, owners)) for key in counters],
        counter=chosen,
        counter_matters=any(leg.key == chosen for leg in legs),
        legs=_leg_lines(legs, owners),
        proposals=_proposals(session, decisions, owners),
    )


def _rows(movement: Movement) -> list[SideRow]:
    if not movement.is_readable:
        return []
    return [
        row
        for currency in movement.currencies
        for row in _rows_in(of(movement.theirs, currency), of(movement.ours, currency))
    ]


def _rows_in(their: Sum, our: Sum) -> list[SideRow]:
    code = their.currency

    def row(name: str, theirs: int, ours: int) -> SideRow:
        return SideRow(name, Money(theirs, code), Money(ours, code), Money(ours - theirs, code))

    return [
        row("Amount", their.gross, our.gross),
        row("Fee", their.fee, our.fee),
        row("On the balance", their.gross - their.fee, our.gross - our.fee),
    ]


def _lines(session: Session, movement: Movement) -> list[StatementLine]:
    line = BalanceTransaction
    found = session.scalars(
        select(line)
        .where(line.source == movement.source, line.category == movement.category)
        .order_by(line.created_at, line.id)
        .limit(_LINES)
    )
    return [
        StatementLine(
            id=one.id,
            type=one.type,
            amount=Money(one.amount, one.currency) if one.is_readable else None,
            fee=Money(one.fee, one.currency) if one.is_readable else None,
            raw=f"{one.amount} {one.currency}, fee {one.fee}",
            exchange_rate=None if one.exchange_rate is None else f"{one.exchange_rate.normalize():f}",
            created_at=one.created_at,
        )
        for one in found
    ]


def _booked(session: Session, difference: DifferenceView) -> _Booked:
    """Two statements. A refund's reservation is left out: it moves nothing at Stripe."""
    movement, payment = difference.movement, str(difference.payment_id)
    found = session.execute(
        _ABOUT, {"source": movement.source, "category": movement.category, "most": _LINES}
    ).all()
    wanted = {(row.reference, row.kind) for row in found}
    booked = entries_for_reference(session, [*(row.reference for row in found), payment])
    return _Booked(
        [one for one in booked if (one.reference, one.kind) in wanted],
        [one for one in booked if one.reference == payment],
    )


def _payment(session: Session, payment_id: UUID | None) -> PaymentRow | None:
    if payment_id is None:
        return None
    row = session.execute(payment_rows().where(Payment.id == PaymentId(payment_id))).one_or_none()
    return payment_row(row) if row else None


def _leg_lines(legs: Sequence[Leg], owners: Mapping[UUID, str]) -> list[LegLine]:
    return [
        LegLine(
            account_words(leg.key, owners),
            Money(-leg.amount, leg.asset) if leg.amount < 0 else None,
            Money(leg.amount, leg.asset) if leg.amount > 0 else None,
        )
        for leg in legs
    ]


def _proposals(
    session: Session, decisions: Sequence[DecisionView], owners: Mapping[UUID, str]
) -> list[Proposal]:
    people = {one for found in decisions for one in (found.proposed_by, found.decided_by) if one}
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(people))).all()
    names = {row.id: row.name for row in rows}
    return [
        Proposal(
            one,
            names[one.proposed_by],
            names[one.decided_by] if one.decided_by else None,
            _leg_lines(one.legs, owners),
        )
        for one in decisions
    ]
