"""``azora verify`` finds whatever gets past the law, and names it."""

from __future__ import annotations

from typing import Final

import pytest
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.ledger import actions, queries
from tests.ledger.books import award, post, proven, sale, transfer

pytestmark = pytest.mark.usefixtures("database")

LEG: Final = "entry_number = 1 AND position = 1"
ADA: Final = "(SELECT id FROM ledger_account WHERE key = 'learner:ada:tokens')"
CORRUPTIONS: Final = {
    "UPDATE ledger_leg SET amount = amount + 1 WHERE " + LEG: {
        "asset_not_nought", "entry_unbalanced", "legs_changed", "rollup_differs",
    },
    "DELETE FROM ledger_leg WHERE " + LEG: {
        "asset_not_nought", "entry_unbalanced", "legs_changed", "rollup_differs",
    },
    "DELETE FROM ledger_leg WHERE entry_number = 1": {
        "entry_without_legs", "balance_differs", "rollup_differs",
    },
    "DELETE FROM ledger_entry WHERE number = 1": {"leg_astray"},
    "UPDATE ledger_leg SET entry_number = 99 WHERE " + LEG: {"leg_astray", "rollup_differs"},
    "UPDATE ledger_leg SET account_id = 0 WHERE " + LEG: {"leg_astray", "legs_changed", "rollup_differs"},
    "UPDATE ledger_leg SET asset = 'eur' WHERE entry_number = 1": {"leg_astray", "legs_changed"},
    "UPDATE ledger_leg SET available_at = '2026-01-01' WHERE " + LEG: {"legs_changed"},
    "UPDATE ledger_entry SET legs_hash = sha256('') WHERE number = 1": {"legs_changed"},
    "UPDATE ledger_balance SET balance = balance + 1 WHERE account_id = " + ADA: {"balance_differs"},
    "DELETE FROM ledger_balance WHERE account_id = " + ADA: {"balance_differs"},
    "INSERT INTO ledger_balance SELECT id, 0, NULL FROM ledger_account WHERE key = 'token:issued'": {
        "balance_differs",
    },
    "UPDATE ledger_account SET floor_minor = NULL WHERE key = 'learner:ada:tokens'": {"account_misfiled"},
    "UPDATE ledger_balance SET floor_minor = NULL WHERE account_id = " + ADA: {"account_misfiled"},
    "UPDATE ledger_account SET kind = 'campaign_budget' WHERE key = 'learner:ada:tokens'": {
        "account_misfiled", "snapshot_total_differs",
    },
    "UPDATE ledger_rollup SET balance = balance + 1 WHERE account_id = " + ADA: {
        "rollup_differs", "snapshot_total_differs",
    },
    "DELETE FROM ledger_rollup WHERE account_id = " + ADA: {"rollup_missing", "snapshot_total_differs"},
    "UPDATE ledger_snapshot_total SET balance = balance + 1 WHERE kind = 'learner_tokens'": {
        "snapshot_total_differs",
    },
    "DELETE FROM ledger_snapshot_total WHERE kind = 'learner_tokens'": {"snapshot_total_differs"},
    "WITH taken AS (UPDATE ledger_leg SET amount = amount - 500 WHERE account_id = " + ADA + " AND amount > 0)"
    " UPDATE ledger_leg SET amount = amount + 500 WHERE amount < 0 AND entry_number = 2": {
        "balance_differs", "floor_broken", "legs_changed", "rollup_differs",
    },
}  # fmt: skip


def _a_book_with_a_snapshot() -> None:
    for draft in (sale(), award("ada", 100), transfer("ada", "ben", 30)):
        post(draft)
    with db.transaction() as session:
        actions.take_snapshot(session)
    post(sale("cid"))


@pytest.mark.parametrize(("corruption", "codes"), CORRUPTIONS.items(), ids=CORRUPTIONS)
def test_each_corruption_is_found_and_named(corruption: str, codes: set[str]) -> None:
    _a_book_with_a_snapshot()
    assert proven()
    with db.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        changed = session.execute(text(corruption))
        assert changed.rowcount > 0  # type: ignore[attr-defined]
    with db.snapshot() as session:
        found = queries.prove(session)
    assert {difference.code for difference in found} == codes
    for difference in found:
        assert difference.sentence.endswith(".")
        assert difference.subject in difference.sentence


def test_an_empty_book_proves() -> None:
    assert proven()
