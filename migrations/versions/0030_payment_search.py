"""Courses are found by the beginning of any word of their title, payments by their amount and by Stripe's ids."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind().execution_options(no_parameters=True)
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    law = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    connection.exec_driver_sql(law.replace("@.", f"{schema}."))
