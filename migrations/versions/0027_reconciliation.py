"""Stripe's statement as we have it, held against the book day by day, and what people decided about differences."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _statement()
    _days()
    _differences()
    _decisions()
    # Where a payout of Stripe's arrives: our own account at a bank.
    op.execute(
        "INSERT INTO ledger_account_kind (kind, pattern, unit, side, floor_minor, hot)"
        " VALUES ('bank_balance', '^bank:balance$', 'money', -1, NULL, true)"
    )


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _statement() -> None:
    op.create_table(
        "balance_transaction",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("charge_id", sa.Text),
        _number("amount"),
        _number("fee"),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("is_readable", sa.Boolean, nullable=False),
        sa.Column("exchange_rate", sa.Numeric),
        _time("created_at", nullable=False),
        _time("available_at", nullable=False),
        _time("read_at", nullable=False),
        sa.Column(
            "day",
            sa.Date,
            sa.Computed("((created_at AT TIME ZONE 'UTC')::date)", persisted=True),
            nullable=False,
        ),
    )
    op.create_index("ix_balance_transaction_day", "balance_transaction", ["day"])
    op.create_index("ix_balance_transaction_source", "balance_transaction", ["source", "category", "day"])
    op.create_index(
        "ix_balance_transaction_refunded",
        "balance_transaction",
        ["charge_id"],
        postgresql_where="category = 'refund'",
    )


def _days() -> None:
    op.create_table(
        "reconciliation_day",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("state", sa.Text, nullable=False, server_default="open"),
        sa.Column("is_due", sa.Boolean, nullable=False, server_default="true"),
        sa.Column("transactions", sa.Integer, nullable=False, server_default="0"),
        sa.Column("waiting", sa.Integer, nullable=False, server_default="0"),
        sa.Column("differing", sa.Integer, nullable=False, server_default="0"),
        _time("compared_at"),
        _time("sealed_at"),
        sa.CheckConstraint("state IN ('open', 'agrees', 'differs', 'sealed')", name="state_known"),
        sa.CheckConstraint("(state = 'differs') = (differing > 0)", name="differs_by_count"),
        sa.CheckConstraint("state NOT IN ('agrees', 'sealed') OR waiting = 0", name="agrees_without_waiting"),
        sa.CheckConstraint("(state = 'sealed') = (sealed_at IS NOT NULL)", name="sealed_has_time"),
    )
    op.create_index(
        "ix_reconciliation_day_unfinished",
        "reconciliation_day",
        ["day"],
        postgresql_where="is_due OR state <> 'sealed'",
    )
    op.create_table(
        "reconciliation_total",
        sa.Column("day", sa.Date, sa.ForeignKey("reconciliation_day.day"), primary_key=True),
        sa.Column("currency", sa.Text, primary_key=True),
        _number("their_gross"),
        _number("their_fee"),
        _number("our_gross"),
        _number("our_fee"),
    )
    op.create_table(
        "reconciliation_place",
        sa.Column("name", sa.Text, primary_key=True),
        _number("entry_number"),
        _time("compared_at"),
        sa.CheckConstraint("name = 'book'", name="one_book"),
    )
    op.execute("INSERT INTO reconciliation_place (name, entry_number) VALUES ('book', 0)")


def _differences() -> None:
    op.create_table(
        "reconciliation_difference",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("theirs", JSONB, nullable=False),
        sa.Column("ours", JSONB, nullable=False),
        sa.Column("payment_id", sa.Uuid),
        _time("began_at", nullable=False),
        _time("found_at", nullable=False),
        _time("compared_at", nullable=False),
        _time("resolved_at"),
        sa.UniqueConstraint("source", "category"),
        sa.CheckConstraint("state IN ('waiting', 'differs', 'explained', 'resolved')", name="state_known"),
        sa.CheckConstraint("(state = 'resolved') = (resolved_at IS NOT NULL)", name="resolved_has_time"),
    )
    op.create_index(
        "ix_reconciliation_difference_state", "reconciliation_difference", ["state", "began_at", "id"]
    )
    op.create_index("ix_reconciliation_difference_recent", "reconciliation_difference", ["began_at", "id"])
    op.create_index(
        "ix_reconciliation_difference_day", "reconciliation_difference", ["day", "began_at", "id"]
    )


def _decisions() -> None:
    op.create_table(
        "reconciliation_decision",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column(
            "difference_id",
            sa.Uuid,
            sa.ForeignKey("reconciliation_difference.id"),
            nullable=False,
            index=True,
        ),
        sa.Column("act", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("legs", JSONB, nullable=False),
        sa.Column("counter", sa.Text),
        sa.Column("proposed_by", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        _time("proposed_at", nullable=False),
        sa.Column("decided_by", sa.Uuid, sa.ForeignKey("person.id")),
        _time("decided_at"),
        sa.Column("entry_id", sa.Uuid),
        sa.CheckConstraint("act IN ('correct', 'explain')", name="act_known"),
        sa.CheckConstraint(
            "state IN ('waiting', 'approved', 'turned_down', 'overtaken')", name="state_known"
        ),
        sa.CheckConstraint("length(reason) BETWEEN 5 AND 500", name="reason_length"),
        sa.CheckConstraint("state <> 'approved' OR decided_by IS NOT NULL", name="approved_by_somebody"),
        sa.CheckConstraint("state <> 'approved' OR decided_by <> proposed_by", name="approved_by_another"),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided_has_time"),
        sa.CheckConstraint(
            "(act = 'correct' AND state = 'approved') = (entry_id IS NOT NULL)", name="correction_is_booked"
        ),
        sa.CheckConstraint("(act = 'correct') = (jsonb_array_length(legs) > 0)", name="correction_has_legs"),
    )
    op.create_index(
        "uq_reconciliation_decision_waiting",
        "reconciliation_decision",
        ["difference_id"],
        unique=True,
        postgresql_where="state = 'waiting'",
    )
