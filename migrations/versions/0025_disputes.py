"""Disputes, what a bank took of a payment, our answers to it, and warnings of fraud."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_PAID = "status IN ('completed', 'partially_refunded', 'refunded', 'disputed', 'charged_back')"


def upgrade() -> None:
    _payments()
    _disputes()
    _histories()
    _answers()
    _warnings()
    _count_disputes()
    _grants()
    op.execute(
        "INSERT INTO ledger_account_kind (kind, unit, side, floor_minor, hot, pattern)"
        " VALUES ('stripe_disputed', 'money', -1, NULL, true, '^stripe:disputed$')"
    )


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _payments() -> None:
    op.add_column("payment", sa.Column("withdrawn_minor", sa.BigInteger, nullable=False, server_default="0"))
    op.drop_constraint(op.f("ck_payment_status_known"), "payment")
    op.drop_constraint(op.f("ck_payment_settled_has_time"), "payment")
    op.drop_constraint(op.f("ck_payment_refunded_is_released"), "payment")
    op.create_check_constraint(
        "status_known",
        "payment",
        f"status IN ('pending', 'requires_action', 'processing', 'failed', 'cancelled') OR {_PAID}",
    )
    op.create_check_constraint("settled_has_time", "payment", f"({_PAID}) = (settled_at IS NOT NULL)")
    op.create_check_constraint(
        "gone_is_released", "payment", "status NOT IN ('refunded', 'charged_back') OR released_at IS NOT NULL"
    )
    op.create_check_constraint("withdrawn_not_negative", "payment", "withdrawn_minor >= 0")
    op.create_check_constraint(
        "withdrawn_after_settlement", "payment", "withdrawn_minor = 0 OR settled_at IS NOT NULL"
    )


def _disputes() -> None:
    op.create_table(
        "dispute",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("payment_id", sa.Uuid, sa.ForeignKey("payment.id"), nullable=False),
        sa.Column("stripe_dispute_id", sa.Text, nullable=False, unique=True),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("network_code", sa.Text),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("submissions", sa.Integer, nullable=False),
        sa.Column("withdrawn_minor", sa.BigInteger, nullable=False),
        sa.Column("withheld_minor", sa.BigInteger, nullable=False),
        sa.Column("decisions", sa.Integer, nullable=False),
        _time("opened_at", nullable=False),
        _time("due_at"),
        _time("changed_at", nullable=False),
        _time("closed_at"),
        _time("told_at", nullable=False),
        _time("next_ask_at"),
        sa.Column("ask_count", sa.Integer, nullable=False),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
        sa.CheckConstraint("currency ~ '^[a-z]{3}$'", name="currency_form"),
        sa.CheckConstraint("status ~ '^[a-z_]+$'", name="status_form"),
        sa.CheckConstraint("submissions >= 0", name="submissions_not_negative"),
        sa.CheckConstraint("withdrawn_minor >= 0", name="withdrawn_not_negative"),
        sa.CheckConstraint("withheld_minor IN (0, withdrawn_minor)", name="withheld_is_withdrawn"),
        sa.CheckConstraint(
            "(status IN ('won', 'lost', 'warning_closed', 'prevented')) = (closed_at IS NOT NULL)",
            name="end_has_time",
        ),
        sa.CheckConstraint(
            "withheld_minor = 0 OR status NOT IN ('lost', 'prevented')", name="lost_withholds_nothing"
        ),
    )
    op.create_index("ix_dispute_payment", "dispute", ["payment_id", "opened_at", "id"])
    op.create_index("ix_dispute_recent", "dispute", ["opened_at", "id"])
    op.create_index("ix_dispute_status", "dispute", ["status", "opened_at", "id"])
    op.create_index(
        "ix_dispute_due",
        "dispute",
        ["due_at", "id"],
        postgresql_where="status IN ('needs_response', 'warning_needs_response')",
    )
    op.create_index("ix_dispute_ask", "dispute", ["next_ask_at"], postgresql_where="next_ask_at IS NOT NULL")


def _histories() -> None:
    op.create_table(
        "dispute_change",
        sa.Column("dispute_id", sa.Uuid, sa.ForeignKey("dispute.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        _time("at", nullable=False),
        sa.Column("from_status", sa.Text),
        sa.Column("to_status", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
    )
    op.create_table(
        "dispute_movement",
        sa.Column("stripe_balance_transaction_id", sa.Text, primary_key=True),
        sa.Column("dispute_id", sa.Uuid, sa.ForeignKey("dispute.id"), nullable=False),
        sa.Column("taken_minor", sa.BigInteger, nullable=False),
        sa.Column("fee_minor", sa.BigInteger, nullable=False),
        sa.Column("fee_currency", sa.Text, nullable=False),
        _time("at", nullable=False),
        sa.CheckConstraint("taken_minor <> 0 OR fee_minor <> 0", name="moves_something"),
        sa.CheckConstraint("fee_currency ~ '^[a-z]{3}$'", name="fee_currency_form"),
    )
    op.create_index("ix_dispute_movement_dispute", "dispute_movement", ["dispute_id", "at"])
    for table in ("dispute_change", "dispute_movement"):
        op.execute(
            f"""
            CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION 'what happened to a dispute is only ever added to'
                  USING ERRCODE = 'restrict_violation';
            END $$;
            CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
                FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only();
            """
        )


def _answers() -> None:
    op.create_table(
        "dispute_answer",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("dispute_id", sa.Uuid, sa.ForeignKey("dispute.id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("evidence", sa.dialects.postgresql.JSONB),
        sa.Column("packet", sa.LargeBinary),
        sa.Column("stripe_file_id", sa.Text),
        sa.Column("failure_reason", sa.Text),
        sa.Column("requested_by", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        _time("requested_at", nullable=False),
        _time("ended_at"),
        _time("next_ask_at"),
        sa.Column("ask_count", sa.Integer, nullable=False),
        sa.CheckConstraint("kind IN ('evidence', 'accept')", name="kind_known"),
        sa.CheckConstraint("state IN ('reserved', 'unknown', 'sent', 'failed')", name="state_known"),
        sa.CheckConstraint("(kind = 'evidence') = (evidence IS NOT NULL)", name="evidence_says_something"),
        sa.CheckConstraint("(kind = 'evidence') = (packet IS NOT NULL)", name="evidence_has_packet"),
        sa.CheckConstraint("(state IN ('sent', 'failed')) = (ended_at IS NOT NULL)", name="end_has_time"),
        sa.CheckConstraint("(state = 'failed') = (failure_reason IS NOT NULL)", name="failure_has_reason"),
        sa.CheckConstraint(
            "(state IN ('reserved', 'unknown')) = (next_ask_at IS NOT NULL)", name="open_is_asked_about"
        ),
    )
    # A bank takes one answer: the second one meets this index, whatever the code does.
    op.create_index(
        "uq_dispute_answer_live",
        "dispute_answer",
        ["dispute_id"],
        unique=True,
        postgresql_where="state <> 'failed'",
    )
    op.create_index(
        "ix_dispute_answer_ask",
        "dispute_answer",
        ["next_ask_at"],
        postgresql_where="next_ask_at IS NOT NULL",
    )


def _warnings() -> None:
    op.create_table(
        "fraud_warning",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("payment_id", sa.Uuid, sa.ForeignKey("payment.id"), nullable=False),
        sa.Column("stripe_warning_id", sa.Text, nullable=False, unique=True),
        sa.Column("fraud_type", sa.Text, nullable=False),
        sa.Column("is_actionable", sa.Boolean, nullable=False),
        _time("warned_at", nullable=False),
    )
    op.create_index("ix_fraud_warning_payment", "fraud_warning", ["payment_id"])
    op.create_index(
        "ix_fraud_warning_actionable", "fraud_warning", ["warned_at", "id"], postgresql_where="is_actionable"
    )


def _count_disputes() -> None:
    """The payment counts what banks took of it in the statement that changes a dispute."""
    op.execute(
        """
        CREATE FUNCTION dispute_is_counted() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
          change bigint := NEW.withdrawn_minor;
        BEGIN
          IF TG_OP = 'UPDATE' THEN
            IF (NEW.id, NEW.payment_id, NEW.stripe_dispute_id, NEW.currency)
                IS DISTINCT FROM (OLD.id, OLD.payment_id, OLD.stripe_dispute_id, OLD.currency) THEN
              RAISE EXCEPTION 'what a dispute is about never changes' USING ERRCODE = 'restrict_violation';
            END IF;
            change := change - OLD.withdrawn_minor;
          END IF;
          IF change <> 0 OR TG_OP = 'INSERT' THEN
            UPDATE payment SET withdrawn_minor = withdrawn_minor + change
            WHERE id = NEW.payment_id AND currency = NEW.currency;
            IF NOT FOUND THEN
              RAISE EXCEPTION 'a dispute is in the currency of its payment' USING ERRCODE = 'check_violation';
            END IF;
          END IF;
          RETURN NULL;
        END $$;
        CREATE TRIGGER dispute_counted AFTER INSERT OR UPDATE ON dispute
          FOR EACH ROW EXECUTE FUNCTION dispute_is_counted();
        CREATE FUNCTION dispute_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'a dispute is never deleted' USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER dispute_kept BEFORE DELETE OR TRUNCATE ON dispute
          FOR EACH STATEMENT EXECUTE FUNCTION dispute_is_kept();
        """
    )


def _grants() -> None:
    op.drop_constraint(op.f("ck_access_grant_end_reason_known"), "access_grant")
    op.create_check_constraint(
        "end_reason_known", "access_grant", "end_reason IN ('refunded', 'charged_back')"
    )
