"""What Stripe settled in another currency than it was paid in, each exchange once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exchange",
        sa.Column("stripe_balance_transaction_id", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("payment_id", sa.Uuid, sa.ForeignKey("payment.id"), nullable=False),
        sa.Column("presented_minor", sa.BigInteger, nullable=False),
        sa.Column("presented_currency", sa.Text, nullable=False),
        sa.Column("settled_minor", sa.BigInteger, nullable=False),
        sa.Column("settled_currency", sa.Text, nullable=False),
        sa.Column("rate", sa.Numeric),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "category IN ('charge', 'refund', 'refund_failure', 'dispute', 'dispute_reversal')",
            name="category_known",
        ),
        sa.CheckConstraint("presented_currency <> settled_currency", name="currencies_differ"),
        sa.CheckConstraint("presented_currency ~ '^[a-z]{3}$'", name="presented_currency_form"),
        sa.CheckConstraint("settled_currency ~ '^[a-z]{3}$'", name="settled_currency_form"),
        sa.CheckConstraint("presented_minor <> 0 OR settled_minor <> 0", name="moves_something"),
        sa.CheckConstraint("rate > 0", name="rate_positive"),
    )
    op.create_index("ix_exchange_source", "exchange", ["source", "category"])
    op.create_index("ix_exchange_payment", "exchange", ["payment_id"])
    op.execute(
        """
        CREATE FUNCTION exchange_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'an exchange of Stripe''s is only ever added'
              USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER exchange_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON exchange
            FOR EACH STATEMENT EXECUTE FUNCTION exchange_is_append_only();
        """
    )
    # What Stripe took out of one currency and put into another: in each currency it stands against the balance there.
    op.execute(
        "INSERT INTO ledger_account_kind (kind, pattern, unit, side, floor_minor, hot)"
        " VALUES ('stripe_exchange', '^stripe:exchange$', 'money', -1, NULL, true)"
    )
