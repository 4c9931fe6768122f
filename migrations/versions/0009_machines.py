"""Machines: a role for whoever has keys and no password."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_constraint(op.f("ck_person_roles_known"), "person")
    op.create_check_constraint(
        "roles_known",
        "person",
        "roles <@ ARRAY['learner','instructor','owner','support','finance','admin','machine']"
        " AND cardinality(roles) > 0 AND (NOT 'machine' = ANY(roles) OR cardinality(roles) = 1)",
    )
