"""The ledger and its law, kept by the database itself, so that raw SQL can't break it either.

Decisions, each for a reason that tests/ledger/law shows:

* The legs of an entry arrive in one statement, which must balance per asset and hold position 1. A committed entry
  always has legs (deferred trigger), so its position 1 is taken and it can never grow. A sum checked only at commit
  could be fooled: ``SET CONSTRAINTS ALL IMMEDIATE`` fires the check early, and another leg could follow.
* No foreign keys from legs: the trigger checks entry, account and asset, and neither can ever be deleted. A foreign
  key would lock the platform's account rows in every posting.
* Rows of ``ledger_balance`` are updated one by one in account order (no deadlocks), and only from the trigger on legs.
* ``number`` is given by a trigger, so it can't be chosen, before the commit, so a lower number can become visible
  after a higher one. ``ledger_boundary`` therefore reads the sequence first and then waits for every transaction that
  was writing entries at that moment (a writer holds ROW EXCLUSIVE on the table before it gets its number): after that
  no entry up to the number read can still appear. Nobody waits for the reader. Transaction ids would do as well
  until the first restore from a dump, where they begin anew.
* Every name in a function carries its schema (written @ in the SQL files): a temporary table can't stand in for one
  of ours. A search_path of its own would do the same and costs 4 microseconds a call.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PARTS = ("tables", "law", "posting")


def upgrade() -> None:
    # Without parameters: "%" is itself, and one string may hold several statements.
    connection = op.get_bind().execution_options(no_parameters=True)
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar_one()
    for part in PARTS:
        law = Path(__file__).with_name(f"0003_ledger_{part}.sql").read_text(encoding="utf-8")
        connection.exec_driver_sql(law.replace("@.", f"{schema}."))
