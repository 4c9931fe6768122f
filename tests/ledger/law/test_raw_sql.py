"""The law holds for whoever writes SQL by hand, fifty at a time: what is refused leaves the book as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

import psycopg
import pytest

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.ledger import queries
from tests.ledger.books import (
    Connection,
    at_once,
    award,
    balance,
    by_hand,
    differing,
    post,
    proven,
    raw_entry,
    raw_legs,
    sale,
)

pytestmark = pytest.mark.usefixtures("database")

CONNECTIONS: Final = 50
SALE: Final = [("stripe:balance", "usd", -4900), ("platform:revenue", "usd", 4900)]
Attack = Callable[[Connection, UUID], None]


def run(statement: str) -> Attack:
    """One statement; ``%(entry)s`` is an entry of the book."""

    def attack(connection: Connection, entry_id: UUID) -> None:
        connection.execute(statement.encode(), {"entry": entry_id})

    return attack


def unbalanced(connection: Connection, _: UUID) -> None:
    raw_legs(connection, raw_entry(connection), [SALE[0], ("platform:revenue", "usd", 4899)])


def balanced_only_across_assets(connection: Connection, _: UUID) -> None:
    raw_legs(connection, raw_entry(connection), [SALE[0], ("token:issued", "azr", 4900)])


def one_leg_at_a_time(connection: Connection, _: UUID) -> None:
    entry = raw_entry(connection)
    for position, leg in enumerate(SALE, start=1):
        raw_legs(connection, entry, [leg], first=position)


def another_leg_after_an_early_check(connection: Connection, _: UUID) -> None:
    entry = raw_entry(connection)
    raw_legs(connection, entry, SALE)
    connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    raw_legs(connection, entry, [("platform:revenue", "usd", 1)], first=3)


def more_legs_in_the_same_transaction(connection: Connection, _: UUID) -> None:
    entry = raw_entry(connection)
    raw_legs(connection, entry, SALE)
    raw_legs(connection, entry, SALE, first=3)


def more_legs_for_an_old_entry(connection: Connection, entry_id: UUID) -> None:
    row = connection.execute("SELECT number FROM ledger_entry WHERE id = %s", (entry_id,)).fetchone()
    assert row is not None
    raw_legs(connection, (entry_id, row[0]), SALE, first=4)


def legs_under_another_number(connection: Connection, _: UUID) -> None:
    entry_id, number = raw_entry(connection)
    raw_legs(connection, (entry_id, number - 1), SALE)


def legs_of_no_entry(connection: Connection, _: UUID) -> None:
    raw_legs(connection, (UUID(int=7), 7), SALE)


def legs_of_no_account(connection: Connection, _: UUID) -> None:
    raw_legs(connection, raw_entry(connection), [("nobody", "usd", -1), ("platform:revenue", "usd", 1)])


def legs_in_the_wrong_asset(connection: Connection, _: UUID) -> None:
    raw_legs(connection, raw_entry(connection), [(key, "eur", amount) for key, _, amount in SALE])


def a_zero_leg(connection: Connection, _: UUID) -> None:
    raw_legs(connection, raw_entry(connection), [*SALE, ("platform:revenue", "usd", 0)])


def no_legs(connection: Connection, _: UUID) -> None:
    raw_entry(connection)


def overdraw(connection: Connection, _: UUID) -> None:
    legs = [("learner:ada:tokens", "azr", -101), ("token:issued", "azr", 101)]
    raw_legs(connection, raw_entry(connection, kind="redemption"), legs)


def overdraw_past_a_false_table(connection: Connection, entry_id: UUID) -> None:
    connection.execute(
        "CREATE TEMP TABLE ledger_balance (account_id bigint, balance bigint, floor_minor bigint)"
    )
    connection.execute(
        "CREATE TEMP TABLE ledger_account AS SELECT id, key, asset, true AS hot FROM ledger_account"
    )
    overdraw(connection, entry_id)


ATTACKS: Final[dict[str, Attack]] = {
    attack.__name__: attack
    for attack in (
        unbalanced,
        balanced_only_across_assets,
        one_leg_at_a_time,
        another_leg_after_an_early_check,
        more_legs_in_the_same_transaction,
        more_legs_for_an_old_entry,
        legs_under_another_number,
        legs_of_no_entry,
        legs_of_no_account,
        legs_in_the_wrong_asset,
        a_zero_leg,
        no_legs,
        overdraw,
        overdraw_past_a_false_table,
    )
} | {
    statement: run(statement)
    for statement in (
        "UPDATE ledger_leg SET amount = amount + 1 WHERE entry_id = %(entry)s",
        "UPDATE ledger_leg SET available_at = now() WHERE entry_id = %(entry)s",
        "DELETE FROM ledger_leg WHERE entry_id = %(entry)s",
        "TRUNCATE ledger_leg",
        "UPDATE ledger_entry SET cause = 'another' WHERE id = %(entry)s",
        "DELETE FROM ledger_entry WHERE id = %(entry)s",
        "TRUNCATE ledger_entry CASCADE",
        "UPDATE ledger_balance SET balance = balance + 1",
        "UPDATE ledger_balance SET floor_minor = NULL",
        "DELETE FROM ledger_balance",
        "TRUNCATE ledger_balance",
        "INSERT INTO ledger_balance SELECT id, 0, NULL FROM ledger_account WHERE hot",
        "UPDATE ledger_account SET hot = true",
        "DELETE FROM ledger_account",
        "INSERT INTO ledger_account (key, asset) VALUES ('learner:ada:wallet', 'azr')",
        "INSERT INTO ledger_account (key, asset) VALUES ('learner:ada:tokens', 'usd')",
        "UPDATE ledger_account_kind SET floor_minor = -100",
    )
}


# Our law, a check, a key: never a slip of the attack itself.
BELOW_FLOOR: Final = "AZ001"
REFUSALS: Final = {"AZ002", "23514", "23505", "23503", "0A000"}


@pytest.mark.parametrize("name", ATTACKS)
def test_fifty_connections_can_not_break_the_book(settings: Settings, name: str) -> None:
    entry_id = post(sale()).entry_id
    post(award("ada", 100))
    before = _book(settings)

    def break_it(_: int) -> None:
        with by_hand(settings.database_url) as connection:
            ATTACKS[name](connection, entry_id)

    outcomes = at_once(CONNECTIONS, break_it)

    refusals = {_refusal(outcome) for outcome in outcomes}
    assert refusals <= ({BELOW_FLOOR} if name.startswith("overdraw") else REFUSALS)
    assert _book(settings) == before
    assert proven()


def test_what_the_law_allows_fifty_connections_can_do(settings: Settings) -> None:
    post(sale())

    def book_it(_: int) -> None:
        with by_hand(settings.database_url) as connection:
            raw_legs(connection, raw_entry(connection), SALE)

    assert at_once(CONNECTIONS, book_it) == [None] * CONNECTIONS
    assert balance("stripe:balance") == 4900 * (CONNECTIONS + 1)


def test_a_race_for_the_last_tokens_ends_at_the_floor(settings: Settings) -> None:
    post(award("ada", 100))

    def redeem(_: int) -> None:
        with by_hand(settings.database_url) as connection:
            legs = [("learner:ada:tokens", "azr", -10), ("token:issued", "azr", 10)]
            raw_legs(connection, raw_entry(connection, kind="redemption"), legs)

    outcomes = at_once(CONNECTIONS, redeem)

    refused = [outcome for outcome in outcomes if outcome is not None]
    assert len(refused) == CONNECTIONS - 10
    assert {getattr(outcome, "sqlstate", None) for outcome in refused} == {BELOW_FLOOR}
    assert balance("learner:ada:tokens", "azr") == 0
    # Whoever writes by hand can make up a hash of the legs; nothing else differs.
    assert differing() == {"legs_changed"}


def test_an_account_can_not_choose_its_own_rules(settings: Settings) -> None:
    with by_hand(settings.database_url) as connection:
        row = connection.execute(
            "INSERT INTO ledger_account (key, asset, kind, side, hot, floor_minor)"
            " VALUES ('learner:eve:tokens', 'azr', 'token_issued', -1, true, -100)"
            " RETURNING kind, side, hot, floor_minor"
        ).fetchone()
    assert row == ("learner_tokens", 1, False, 0)


def test_an_entry_can_not_choose_its_number_or_time(settings: Settings) -> None:
    last = post(sale())
    with by_hand(settings.database_url) as connection:
        row = connection.execute(
            "INSERT INTO ledger_entry (id, number, kind, reference, legs_hash, cause, rule_version, occurred_at,"
            " posted_at) VALUES (gen_random_uuid(), -5, 'sale', 'x', sha256('x'), 'x', '1', now(), '2001-01-01')"
            " RETURNING number, posted_at > now() - interval '1 minute'"
        ).fetchone()
        connection.rollback()
    with db.reading() as session:
        entry = queries.find_entry(session, last.entry_id)
    assert entry is not None
    assert row == (entry.number + 1, True)


def _refusal(outcome: object) -> str | None:
    return outcome.sqlstate if isinstance(outcome, psycopg.Error) else repr(outcome)


def _book(settings: Settings) -> list[object]:
    with by_hand(settings.database_url) as connection:
        return [
            connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2".encode()).fetchall()
            for table in (
                "ledger_entry",
                "ledger_leg",
                "ledger_balance",
                "ledger_account",
                "ledger_account_kind",
            )
        ]
