"""Refunds, what of a payment was given back, and grants that end with their reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_PAID = "status IN ('completed', 'partially_refunded', 'refunded', 'disputed')"
_LIVE = "('reserved', 'unknown', 'pending', 'succeeded')"


def upgrade() -> None:
    _payments()
    _refunds()
    _count_refunds()
    _grants()


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _payments() -> None:
    op.add_column("payment", sa.Column("refunded_minor", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("payment", _time("released_at"))
    op.drop_constraint(op.f("ck_payment_status_known"), "payment")
    op.drop_constraint(op.f("ck_payment_settled_has_time"), "payment")
    op.create_check_constraint(
        "status_known",
        "payment",
        f"status IN ('pending', 'requires_action', 'processing', 'failed', 'cancelled') OR {_PAID}",
    )
    op.create_check_constraint("settled_has_time", "payment", f"({_PAID}) = (settled_at IS NOT NULL)")
    op.create_check_constraint(
        "refunded_at_most_paid", "payment", "refunded_minor BETWEEN 0 AND amount_minor"
    )
    op.create_check_constraint(
        "refunded_after_settlement", "payment", "refunded_minor = 0 OR settled_at IS NOT NULL"
    )
    op.create_check_constraint(
        "refunded_is_released", "payment", "status <> 'refunded' OR released_at IS NOT NULL"
    )
    # A payment that was refunded in full has let go of its course, even if that refund fails later.
    op.drop_index("uq_payment_live_purchase")
    op.create_index(
        "uq_payment_live_purchase",
        "payment",
        ["payer_id", "course_id"],
        unique=True,
        postgresql_where="status <> 'cancelled' AND released_at IS NULL",
    )
    op.drop_index("ix_payment_settled")
    op.create_index(
        "ix_payment_settled", "payment", ["settled_at"], postgresql_where="settled_at IS NOT NULL"
    )


def _refunds() -> None:
    op.create_table(
        "refund",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("payment_id", sa.Uuid, sa.ForeignKey("payment.id"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("stripe_refund_id", sa.Text, unique=True),
        sa.Column("requested_by", sa.Uuid, sa.ForeignKey("person.id")),
        sa.Column("approved_by", sa.Uuid, sa.ForeignKey("person.id")),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("failure_reason", sa.Text),
        _time("requested_at", nullable=False),
        _time("reserved_at"),
        _time("sent_at"),
        _time("settled_at"),
        _time("ended_at"),
        _time("next_ask_at"),
        sa.Column("ask_count", sa.Integer, nullable=False),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
        sa.CheckConstraint("currency ~ '^[a-z]{3}$'", name="currency_form"),
        sa.CheckConstraint("length(note) <= 500", name="note_length"),
        sa.CheckConstraint("attempt > 0", name="attempt_positive"),
        sa.CheckConstraint("source IN ('ours', 'dashboard')", name="source_known"),
        sa.CheckConstraint(
            "reason IN ('requested_by_customer', 'duplicate', 'fraudulent', 'course_withdrawn', 'goodwill', 'other')",
            name="reason_known",
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'reserved', 'unknown', 'pending', 'succeeded', 'failed', 'cancelled')",
            name="state_known",
        ),
        sa.CheckConstraint("(source = 'ours') = (requested_by IS NOT NULL)", name="ours_has_asker"),
        sa.CheckConstraint("source = 'ours' OR stripe_refund_id IS NOT NULL", name="theirs_is_at_stripe"),
        sa.CheckConstraint("approved_by <> requested_by", name="approved_by_another"),
        sa.CheckConstraint("state <> 'waiting' OR reserved_at IS NULL", name="waiting_reserves_nothing"),
        sa.CheckConstraint(f"state NOT IN {_LIVE} OR reserved_at IS NOT NULL", name="live_is_reserved"),
        sa.CheckConstraint("(sent_at IS NULL) = (stripe_refund_id IS NULL)", name="sent_is_at_stripe"),
        sa.CheckConstraint(
            "state NOT IN ('pending', 'succeeded') OR sent_at IS NOT NULL", name="told_is_sent"
        ),
        sa.CheckConstraint("state <> 'succeeded' OR settled_at IS NOT NULL", name="succeeded_has_time"),
        sa.CheckConstraint(
            "(state IN ('failed', 'cancelled')) = (ended_at IS NOT NULL)", name="end_has_time"
        ),
        sa.CheckConstraint("(ended_at IS NULL) = (failure_reason IS NULL)", name="end_has_reason"),
    )
    op.create_index("ix_refund_payment", "refund", ["payment_id", "requested_at", "id"])
    op.create_index("ix_refund_recent", "refund", ["requested_at", "id"])
    op.create_index("ix_refund_state", "refund", ["state", "requested_at", "id"])
    op.create_index("ix_refund_ask", "refund", ["next_ask_at"], postgresql_where="next_ask_at IS NOT NULL")


def _count_refunds() -> None:
    """The payment counts its live refunds in the statement that changes one; its CHECK says that it is enough."""
    op.execute(
        f"""
        CREATE FUNCTION refund_is_counted() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
          change bigint := CASE WHEN NEW.state IN {_LIVE} THEN NEW.amount_minor ELSE 0 END;
        BEGIN
          IF TG_OP = 'UPDATE' THEN
            IF (NEW.id, NEW.payment_id, NEW.amount_minor, NEW.currency)
                IS DISTINCT FROM (OLD.id, OLD.payment_id, OLD.amount_minor, OLD.currency) THEN
              RAISE EXCEPTION 'what a refund is about never changes' USING ERRCODE = 'restrict_violation';
            END IF;
            change := change - CASE WHEN OLD.state IN {_LIVE} THEN OLD.amount_minor ELSE 0 END;
          END IF;
          IF change <> 0 OR TG_OP = 'INSERT' THEN
            UPDATE payment SET refunded_minor = refunded_minor + change
            WHERE id = NEW.payment_id AND currency = NEW.currency;
            IF NOT FOUND THEN
              RAISE EXCEPTION 'a refund is in the currency of its payment' USING ERRCODE = 'check_violation';
            END IF;
          END IF;
          RETURN NULL;
        END $$;
        CREATE TRIGGER refund_counted AFTER INSERT OR UPDATE ON refund
          FOR EACH ROW EXECUTE FUNCTION refund_is_counted();
        CREATE FUNCTION refund_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a refund is never deleted' USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER refund_kept BEFORE DELETE OR TRUNCATE ON refund
          FOR EACH STATEMENT EXECUTE FUNCTION refund_is_kept();
        """
    )


def _grants() -> None:
    op.add_column("access_grant", sa.Column("end_reason", sa.Text))
    op.execute("UPDATE access_grant SET end_reason = 'refunded' WHERE ended_at IS NOT NULL")
    op.create_check_constraint("end_reason_known", "access_grant", "end_reason IN ('refunded')")
    op.create_check_constraint("end_has_reason", "access_grant", "(ended_at IS NULL) = (end_reason IS NULL)")
