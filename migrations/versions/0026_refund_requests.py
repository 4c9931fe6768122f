"""Refund policies in versions, the one of its day frozen with each payment, and what learners ask to have refunded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_FIRST_TEXT = (
    "You can have a course refunded within 14 days of paying for it, as long as you have completed no more than 30% "
    "of it. Small amounts go back at once; anything else is looked at by a person first."
)


def upgrade() -> None:
    _policies()
    _payments()
    _requests()
    # It was 1 for every refund, and a part of the idempotency key: a refund is sent under one key for ever.
    op.drop_column("refund", "attempt")


def _policies() -> None:
    op.create_table(
        "refund_policy",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("most_progress", sa.Integer, nullable=False),
        sa.Column("automatic_up_to_minor", sa.BigInteger),
        sa.Column("automatic_currency", sa.Text),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("created_by", sa.Uuid, sa.ForeignKey("person.id")),
        sa.CheckConstraint("version > 0", name="version_positive"),
        sa.CheckConstraint("days BETWEEN 0 AND 365", name="days_known"),
        sa.CheckConstraint("most_progress BETWEEN 0 AND 100", name="progress_is_percent"),
        sa.CheckConstraint("automatic_up_to_minor > 0", name="automatic_positive"),
        sa.CheckConstraint("automatic_currency ~ '^[a-z]{3}$'", name="currency_form"),
        sa.CheckConstraint(
            "(automatic_up_to_minor IS NULL) = (automatic_currency IS NULL)", name="automatic_is_money"
        ),
        sa.CheckConstraint("length(text) BETWEEN 1 AND 1000", name="text_length"),
        sa.CheckConstraint("version = 1 OR created_by IS NOT NULL", name="made_by_somebody"),
    )
    op.execute(
        sa.text(
            "INSERT INTO refund_policy VALUES (1, '2026-01-01T00:00:00Z', 14, 30, 5000, 'usd', :text, 'The first',"
            " NULL)"
        ).bindparams(text=_FIRST_TEXT)
    )
    op.execute(
        """
        CREATE FUNCTION refund_policy_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'a refund policy is replaced, never changed' USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER refund_policy_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON refund_policy
          FOR EACH STATEMENT EXECUTE FUNCTION refund_policy_is_kept();
        CREATE FUNCTION refund_policy_in_force() RETURNS integer LANGUAGE sql STABLE
          RETURN (SELECT max(version) FROM refund_policy);
        """
    )


def _payments() -> None:
    """Whichever way a payment is written down, it gets the policy that is in force then, and keeps it."""
    op.execute(
        """
        ALTER TABLE payment ADD refund_policy_version integer NOT NULL DEFAULT 1 REFERENCES refund_policy (version);
        ALTER TABLE payment ALTER refund_policy_version SET DEFAULT refund_policy_in_force();
        CREATE FUNCTION payment_policy_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'a payment keeps the refund policy of its day' USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER payment_policy_kept BEFORE UPDATE OF refund_policy_version ON payment
          FOR EACH ROW EXECUTE FUNCTION payment_policy_is_kept();
        """
    )


def _requests() -> None:
    op.create_table(
        "refund_request",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("payment_id", sa.Uuid, sa.ForeignKey("payment.id"), nullable=False),
        sa.Column("requested_by", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("progress", sa.Integer, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("refund_id", sa.Uuid, sa.ForeignKey("refund.id"), unique=True),
        sa.Column("decided_by", sa.Uuid, sa.ForeignKey("person.id")),
        sa.Column("decline_reason", sa.Text),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
        sa.CheckConstraint("currency ~ '^[a-z]{3}$'", name="currency_form"),
        sa.CheckConstraint("length(note) <= 500", name="note_length"),
        sa.CheckConstraint("days >= 0", name="days_positive"),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name="progress_is_percent"),
        sa.CheckConstraint(
            "reason IN ('changed_mind', 'not_as_expected', 'wrong_level', 'technical_problem', 'bought_twice',"
            " 'other')",
            name="reason_known",
        ),
        sa.CheckConstraint("verdict IN ('automatic', 'queue', 'outside')", name="verdict_known"),
        sa.CheckConstraint("state IN ('open', 'approved', 'declined', 'withdrawn')", name="state_known"),
        sa.CheckConstraint("state <> 'approved' OR refund_id IS NOT NULL", name="approved_has_refund"),
        sa.CheckConstraint("state <> 'open' OR refund_id IS NULL", name="open_has_no_refund"),
        sa.CheckConstraint("(state = 'declined') = (decline_reason IS NOT NULL)", name="declined_has_reason"),
        sa.CheckConstraint("(state = 'open') = (decided_at IS NULL)", name="end_has_time"),
        sa.CheckConstraint("decided_by <> requested_by", name="decided_by_another"),
    )
    op.create_index(
        "uq_refund_request_open",
        "refund_request",
        ["payment_id"],
        unique=True,
        postgresql_where="state = 'open'",
    )
    op.create_index("ix_refund_request_payment", "refund_request", ["payment_id", "requested_at", "id"])
    op.create_index("ix_refund_request_person", "refund_request", ["requested_by", "requested_at", "id"])
    op.create_index("ix_refund_request_state", "refund_request", ["state", "requested_at", "id"])
    op.create_index("ix_refund_request_recent", "refund_request", ["requested_at", "id"])
