"""Courses with their split agreements, payments with their changes, and access grants."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    _courses()
    _payments()
    _payment_changes()
    _grants()


def _courses() -> None:
    op.create_table(
        "course",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("instructor_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("slug", sa.Text, nullable=False, unique=True),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("price_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        _time("created_at"),
        _time("published_at", nullable=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("price_minor >= 0", name="price_not_negative"),
        sa.CheckConstraint("currency ~ '^[a-z]{3}$'", name="currency_form"),
        sa.CheckConstraint("length(title) BETWEEN 3 AND 160", name="title_length"),
        sa.CheckConstraint("status IN ('draft', 'published', 'archived')", name="status_known"),
        sa.CheckConstraint("level IN ('beginner', 'intermediate', 'advanced')", name="level_known"),
        sa.CheckConstraint("(status = 'draft') OR published_at IS NOT NULL", name="published_has_time"),
    )
    op.create_index("ix_course_instructor_id", "course", ["instructor_id", "created_at"])
    op.create_index(
        "ix_course_shelf", "course", ["published_at", "id"], postgresql_where="status = 'published'"
    )
    op.create_table(
        "split_agreement",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("course_id", sa.Uuid, sa.ForeignKey("course.id"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        _time("effective_at"),
        _time("created_at"),
        sa.UniqueConstraint("course_id", "version"),
    )
    op.create_index("ix_split_agreement_effective", "split_agreement", ["course_id", "effective_at"])
    op.create_table(
        "split_share",
        sa.Column("agreement_id", sa.Uuid, sa.ForeignKey("split_agreement.id"), primary_key=True),
        sa.Column("party", sa.Text, primary_key=True),
        sa.Column("basis_points", sa.Integer, nullable=False),
        sa.CheckConstraint("basis_points BETWEEN 1 AND 10000", name="basis_points_range"),
    )


def _payments() -> None:
    op.create_table(
        "customer",
        sa.Column("person_id", sa.Uuid, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("stripe_customer_id", sa.Text, nullable=False, unique=True),
        _time("created_at"),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("payer_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("course_id", sa.Uuid, sa.ForeignKey("course.id")),
        sa.Column("split_agreement_id", sa.Uuid, sa.ForeignKey("split_agreement.id")),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("stripe_payment_intent_id", sa.Text, unique=True),
        sa.Column("stripe_charge_id", sa.Text, unique=True),
        sa.Column("method_brand", sa.Text),
        sa.Column("method_last4", sa.Text),
        sa.Column("failure_code", sa.Text),
        sa.Column("failure_message", sa.Text),
        sa.Column("fee_minor", sa.BigInteger),
        sa.Column("fee_currency", sa.Text),
        _time("created_at"),
        _time("changed_at"),
        _time("settled_at", nullable=True),
        _time("next_ask_at", nullable=True),
        sa.Column("ask_count", sa.Integer, nullable=False),
        sa.CheckConstraint("amount_minor > 0", name="amount_positive"),
        sa.CheckConstraint("currency ~ '^[a-z]{3}$'", name="currency_form"),
        sa.CheckConstraint(
            "status IN ('pending', 'requires_action', 'processing', 'completed', 'failed', 'cancelled')",
            name="status_known",
        ),
        sa.CheckConstraint("(status = 'completed') = (settled_at IS NOT NULL)", name="settled_has_time"),
        sa.CheckConstraint("fee_minor IS NULL OR settled_at IS NOT NULL", name="fee_after_settlement"),
        sa.CheckConstraint("(fee_minor IS NULL) = (fee_currency IS NULL)", name="fee_has_currency"),
    )
    # One live purchase per learner and course: the second one meets this index, whatever the code does.
    op.create_index(
        "uq_payment_live_purchase",
        "payment",
        ["payer_id", "course_id"],
        unique=True,
        postgresql_where="status <> 'cancelled'",
    )
    op.create_index("ix_payment_recent", "payment", ["created_at", "id"])
    op.create_index("ix_payment_status", "payment", ["status", "created_at", "id"])
    op.create_index("ix_payment_payer", "payment", ["payer_id", "created_at", "id"])
    op.create_index("ix_payment_course", "payment", ["course_id", "created_at", "id"])
    op.create_index("ix_payment_ask", "payment", ["next_ask_at"], postgresql_where="next_ask_at IS NOT NULL")


def _payment_changes() -> None:
    op.create_table(
        "payment_change",
        sa.Column("payment_id", sa.Uuid, sa.ForeignKey("payment.id"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        _time("at"),
        sa.Column("from_status", sa.Text),
        sa.Column("to_status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("cause", sa.Text, nullable=False),
    )
    op.execute(
        """
        CREATE FUNCTION payment_change_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'payment changes are only ever added' USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER payment_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON payment_change
            FOR EACH STATEMENT EXECUTE FUNCTION payment_change_is_append_only();
        """
    )


def _grants() -> None:
    op.create_table(
        "access_grant",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("learner_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("course_id", sa.Uuid, sa.ForeignKey("course.id"), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("payment_id", sa.Uuid, sa.ForeignKey("payment.id")),
        _time("created_at"),
        _time("ended_at", nullable=True),
        sa.CheckConstraint("reason IN ('purchase', 'enrolment')", name="reason_known"),
        sa.CheckConstraint("(reason = 'purchase') = (payment_id IS NOT NULL)", name="purchase_has_payment"),
        sa.UniqueConstraint(
            "learner_id", "course_id", "reason", "payment_id", postgresql_nulls_not_distinct=True
        ),
    )
    op.create_index("ix_access_grant_payment_id", "access_grant", ["payment_id"])
    op.create_index("ix_access_grant_learner", "access_grant", ["learner_id", "created_at", "id"])
