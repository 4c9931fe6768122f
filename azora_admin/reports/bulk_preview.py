"""What a run of refunds would post, as it will stand in the book: the lines of each payment, and what accounts sum to.

The lines are those of the plan, which the run posts; nothing of them is computed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from azora_admin.core.ids import PaymentId
from azora_admin.core.money import Money
from azora_admin.core.paging import Cursor, Page
from azora_admin.ledger.rules import legs_hash
from azora_admin.payments.rules.bulk_refunds import AccountTotal, BulkPlan, Item, account_totals
from azora_admin.payments.rules.returns import IN_FLIGHT
from azora_admin.reports.accounts import account_words, owner_names
from azora_admin.reports.entries import LegView, leg_view
from azora_admin.reports.payment_list import page_of_ids
from azora_admin.reports.payment_rows import PaymentRow

# So many accounts of a currency are named, the largest; what the others sum to is one line.
NAMED: Final = 12


@dataclass(frozen=True, slots=True)
class DraftEntry:
    """An entry that will be posted, of the ``kind`` that it has in the book."""

    kind: str
    legs: Sequence[LegView]


@dataclass(frozen=True, slots=True)
class Draft:
    """The entries that a refund would post, and the hash that their lines are agreed to by."""

    entries: Sequence[DraftEntry]
    legs_hash: bytes


@dataclass(frozen=True, slots=True)
class PreviewedPayment:
    """A payment of the plan, what goes back of it, and the entries that post it."""

    payment: PaymentRow
    amount: Money
    entries: Sequence[DraftEntry]


@dataclass(frozen=True, slots=True)
class TotalLine:
    """What all lines do to one account, or to the ``others`` beside those that are named."""

    account: str
    others: int
    debit: Money
    credit: Money


@dataclass(frozen=True, slots=True)
class BulkPreview:
    """A page of the plan's payments with their lines; and the totals of all of them, which balance."""

    page: Page[PreviewedPayment]
    totals: Sequence[TotalLine]


def preview(session: Session, plan: BulkPlan, *, limit: int, cursor: Cursor | None) -> BulkPreview:
    """One page of what ``plan`` posts, newest payments first. Two statements."""
    items = {item.payment_id: item for item in plan.items}
    rows = page_of_ids(session, list(items), limit=limit, cursor=cursor)
    totals = account_totals(plan.items)
    shown = [items[row.id] for row in rows.items]
    names = owner_names(session, [*_accounts(shown), *_named(totals)])
    payments = [
        PreviewedPayment(row, item.amount, _entries(item, names))
        for row, item in zip(rows.items, shown, strict=True)
    ]
    page = Page(payments, rows.next_cursor, rows.previous_cursor)
    return BulkPreview(page, [line for _, some in _by_currency(totals) for line in _lines(some, names)])


def drafts_of(session: Session, items: Sequence[Item]) -> Mapping[PaymentId, Draft]:
    """What each of ``items`` would post, by its payment. One statement."""
    names = owner_names(session, _accounts(items))
    return {item.payment_id: Draft(_entries(item, names), legs_hash(item.legs)) for item in items}


def _accounts(items: Sequence[Item]) -> list[str]:
    return [leg.key for item in items for leg in item.legs]


def _entries(item: Item, names: Mapping[UUID, str]) -> Sequence[DraftEntry]:
    legs = {"refund_reserved": item.legs, "refund_settled": item.settled_legs}
    return [DraftEntry(kind, [leg_view(leg, names) for leg in some]) for kind, some in legs.items()]


def _lines(totals: Sequence[AccountTotal], names: Mapping[UUID, str]) -> Sequence[TotalLine]:
    lines = [TotalLine(account_words(one.key, names), 0, one.debit, one.credit) for one in totals[:NAMED]]
    others = totals[NAMED:]
    if others:
        nothing = Money.zero(others[0].debit.currency)
        debit = sum((one.debit for one in others), start=nothing)
        credit = sum((one.credit for one in others), start=nothing)
        lines.append(TotalLine("", len(others), debit, credit))
    return lines


def _by_currency(totals: Sequence[AccountTotal]) -> Sequence[tuple[str, Sequence[AccountTotal]]]:
    grouped = groupby(totals, key=lambda one: one.debit.currency)
    return [(currency, list(some)) for currency, some in grouped]


def _named(totals: Sequence[AccountTotal]) -> Sequence[str]:
    return [one.key for _, some in _by_currency(totals) for one in some[:NAMED] if one.key != IN_FLIGHT]
