"""Payments that are unknown or parked, saved methods, attempts to charge them, and every call that goes out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_STATUSES = (
    "'pending', 'unknown', 'requires_action', 'processing', 'failed', 'cancelled', "
    "'completed', 'partially_refunded', 'refunded', 'disputed', 'charged_back'"
)


def upgrade() -> None:
    _payments()
    _methods()
    _setups()
    _attempts()
    _calls()


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _payments() -> None:
    op.execute(
        f"""
        ALTER TABLE payment
          ADD request_key text,
          ADD saves_method boolean NOT NULL DEFAULT false,
          ADD parked_at timestamptz,
          DROP CONSTRAINT ck_payment_status_known,
          ADD CONSTRAINT ck_payment_status_known CHECK (status IN ({_STATUSES})),
          ADD CONSTRAINT ck_payment_request_key_length CHECK (length(request_key) BETWEEN 1 AND 255);
        ALTER TABLE refund ADD parked_at timestamptz;
        CREATE INDEX ix_payment_request ON payment (payer_id, request_key) WHERE request_key IS NOT NULL;
        CREATE INDEX ix_payment_parked ON payment (parked_at) WHERE parked_at IS NOT NULL;
        CREATE INDEX ix_refund_parked ON refund (parked_at) WHERE parked_at IS NOT NULL;
        """
    )


def _methods() -> None:
    op.create_table(
        "payment_method",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("stripe_payment_method_id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("brand", sa.Text),
        sa.Column("last4", sa.Text),
        sa.Column("exp_month", sa.Integer),
        sa.Column("exp_year", sa.Integer),
        sa.Column("is_default", sa.Boolean, nullable=False),
        _time("saved_at", nullable=False),
        _time("changed_at", nullable=False),
        _time("removed_at"),
        # More of a card than this is kept nowhere (SAQ A).
        sa.CheckConstraint("last4 ~ '^[0-9]{4}$'", name="last4_form"),
        sa.CheckConstraint("exp_month BETWEEN 1 AND 12", name="exp_month_range"),
        sa.CheckConstraint("exp_year BETWEEN 2000 AND 2200", name="exp_year_range"),
        sa.CheckConstraint("NOT is_default OR removed_at IS NULL", name="default_is_there"),
    )
    op.create_index(
        "ix_payment_method_person",
        "payment_method",
        ["person_id", "saved_at", "id"],
        postgresql_where="removed_at IS NULL",
    )
    op.create_index(
        "uq_payment_method_default",
        "payment_method",
        ["person_id"],
        unique=True,
        postgresql_where="is_default",
    )


def _setups() -> None:
    op.create_table(
        "method_setup",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("request_key", sa.Text),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("stripe_setup_intent_id", sa.Text, unique=True),
        sa.Column("failure_code", sa.Text),
        sa.Column("failure_message", sa.Text),
        _time("created_at", nullable=False),
        _time("changed_at", nullable=False),
        _time("next_ask_at"),
        sa.Column("ask_count", sa.Integer, nullable=False),
        _time("parked_at"),
        sa.CheckConstraint(
            "state IN ('reserved', 'unknown', 'open', 'requires_action', 'processing', 'succeeded', 'cancelled')",
            name="state_known",
        ),
        sa.CheckConstraint(
            "state IN ('reserved', 'unknown', 'cancelled') OR stripe_setup_intent_id IS NOT NULL",
            name="told_is_sent",
        ),
    )
    op.create_index("ix_method_setup_recent", "method_setup", ["created_at", "id"])
    op.create_index("ix_method_setup_person", "method_setup", ["person_id", "created_at"])
    op.create_index(
        "ix_method_setup_ask", "method_setup", ["next_ask_at"], postgresql_where="next_ask_at IS NOT NULL"
    )


def _attempts() -> None:
    op.create_table(
        "payment_attempt",
        sa.Column("payment_id", sa.Uuid, sa.ForeignKey("payment.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("method_id", sa.Uuid, sa.ForeignKey("payment_method.id"), nullable=False),
        sa.Column("off_session", sa.Boolean, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text),
        _time("reserved_at", nullable=False),
        _time("answered_at"),
        sa.CheckConstraint("state IN ('reserved', 'unknown', 'answered')", name="state_known"),
        sa.CheckConstraint("(state = 'answered') = (answered_at IS NOT NULL)", name="answered_has_time"),
        sa.CheckConstraint("(state = 'answered') = (outcome IS NOT NULL)", name="answered_has_outcome"),
    )
    # A second attempt is not made before the first one's outcome is known: whatever the code does.
    op.create_index(
        "uq_payment_attempt_open",
        "payment_attempt",
        ["payment_id"],
        unique=True,
        postgresql_where="state <> 'answered'",
    )
    op.create_index("ix_payment_attempt_recent", "payment_attempt", ["reserved_at", "payment_id", "number"])


def _calls() -> None:
    op.create_table(
        "outgoing_call",
        sa.Column("id", sa.Uuid, primary_key=True),
        _time("at", nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("outside_id", sa.Text),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.CheckConstraint("outcome IN ('done', 'refused', 'no_answer')", name="outcome_known"),
        sa.CheckConstraint("milliseconds >= 0", name="milliseconds_not_negative"),
    )
    op.create_index("ix_outgoing_call_about", "outgoing_call", ["about", "at", "id"])
    op.execute(
        """
        CREATE FUNCTION outgoing_call_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'what went out is only ever added to' USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER outgoing_call_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON outgoing_call
            FOR EACH STATEMENT EXECUTE FUNCTION outgoing_call_is_append_only();
        CREATE INDEX ix_mail_recent ON mail (created_at, id);
        """
    )
