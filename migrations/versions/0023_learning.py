"""What was learned: lessons, one enrolment for each learner and course, and the steps that apps tell of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lesson",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("course_id", sa.Uuid, sa.ForeignKey("course.id"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.UniqueConstraint("course_id", "position", deferrable=True, initially="DEFERRED"),
        sa.CheckConstraint("position > 0", name="position_positive"),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 160", name="title_length"),
    )
    op.create_table(
        "enrolment",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("learner_id", sa.Uuid, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("course_id", sa.Uuid, sa.ForeignKey("course.id"), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("learner_id", "course_id"),
    )
    op.create_index("ix_enrolment_learner", "enrolment", ["learner_id", "enrolled_at", "id"])
    op.create_index("ix_enrolment_course", "enrolment", ["course_id", "enrolled_at", "id"])
    op.execute(
        """
        INSERT INTO enrolment (id, learner_id, course_id, enrolled_at)
        SELECT DISTINCT ON (learner_id, course_id) id, learner_id, course_id, created_at
          FROM access_grant ORDER BY learner_id, course_id, created_at, id
        """
    )
    _steps()


def _steps() -> None:
    op.create_table(
        "learning_step",
        sa.Column("enrolment_id", sa.Uuid, sa.ForeignKey("enrolment.id"), nullable=False),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("lesson_id", sa.Uuid, sa.ForeignKey("lesson.id"), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("enrolment_id", "event_id"),
        sa.CheckConstraint("kind IN ('opened', 'completed')", name="kind_known"),
    )
    op.create_index("ix_learning_step_at", "learning_step", ["enrolment_id", "at", "event_id"])
    # A lesson is completed once, whatever the apps tell.
    op.create_index(
        "uq_learning_step_completed",
        "learning_step",
        ["enrolment_id", "lesson_id"],
        unique=True,
        postgresql_where="kind = 'completed'",
    )
    op.execute(
        """
        CREATE FUNCTION learning_step_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'steps of learning are only ever added' USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER learning_step_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON learning_step
            FOR EACH STATEMENT EXECUTE FUNCTION learning_step_is_append_only();
        """
    )
