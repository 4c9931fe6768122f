"""Receipts, credit notes and their cancellations, numbered without gaps by the database as transactions commit.

* A deferred trigger gives the numbers. The lock on a series is then held for the commit alone; a transaction that
  doesn't commit takes its number back with it, and nobody can be handed the next one meanwhile.
* What was paid and refunded before gets its documents here, in the order of time.
* Every name in a function carries its schema (written @ in the SQL file), as in the ledger's.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Without parameters: "%" is itself, and one string may hold several statements.
    connection = op.get_bind().execution_options(no_parameters=True)
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    law = Path(__file__).with_name("0024_documents.sql").read_text(encoding="utf-8")
    connection.exec_driver_sql(law.replace("@.", f"{schema}."))
