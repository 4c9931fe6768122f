"""The audit log and its law, kept by the database itself.

* The database gives the time of an entry. A row can't be dated back.
* An entry is linked into a chain when its transaction commits (a deferred trigger), into one chain per transaction. The
  lock on the chain's head is then the last one that the transaction takes and held for the commit alone: it can't
  be part of a deadlock, and nobody waits for what somebody else does between writing the entry and committing.
* Sixteen chains a day, taken in turns: transactions that commit at once don't queue for one row.
* A seal covers the sixteen heads of a day that is over and the seal before it. A head that is sealed takes no link;
  an entry that comes too late (a clock set back, a commit at midnight) is filed under the first day without a seal.
* Every name in a function carries its schema (written @ in the SQL file), as in the ledger's.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Without parameters: "%" is itself, and one string may hold several statements.
    connection = op.get_bind().execution_options(no_parameters=True)
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    law = Path(__file__).with_name("0012_audit.sql").read_text(encoding="utf-8")
    connection.exec_driver_sql(law.replace("@.", f"{schema}."))
