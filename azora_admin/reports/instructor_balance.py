"""What an instructor has earned, what of it may be paid out, and how many sales it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from azora_admin.core.ids import PersonId
from azora_admin.core.money import Money
from azora_admin.ledger import tables as ledger


@dataclass(frozen=True, slots=True)
class InstructorBalance:
    """One currency's figures: total = pending (refund window open) + available."""

    total: Money
    pending: Money
    available: Money
    sales: int


def instructor_balance(
    session: Session, *, instructor_id: PersonId, at: datetime
) -> Sequence[InstructorBalance]:
    """The instructor's balances as of ``at``, one for each currency that was ever sold in."""
    leg, account, entry = ledger.LedgerLeg, ledger.LedgerAccount, ledger.LedgerEntry
    pending = func.coalesce(func.sum(leg.amount).filter(leg.available_at > at), 0)
    rows = session.execute(
        select(
            account.asset,
            func.sum(leg.amount).label("total"),
            pending.label("pending"),
            func.count().filter(entry.kind == "sale").label("sales"),
        )
        .join(leg, leg.account_id == account.id)
        .join(entry, entry.id == leg.entry_id)
        .where(account.key == f"instructor:{instructor_id}:payable")
        .group_by(account.asset)
        .order_by(account.asset)
    ).all()
    return [_balance(row.asset, int(row.total), int(row.pending), row.sales) for row in rows]


def _balance(currency: str, total: int, pending: int, sales: int) -> InstructorBalance:
    return InstructorBalance(
        Money(total, currency), Money(pending, currency), Money(total - pending, currency), sales
    )
