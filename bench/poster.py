"""One process that posts to the book flat out, by ``ledger.actions.post`` or by a statement written by hand.

``python -m bench.poster URL`` stays and carries out one order (a line of JSON) after the other; each answer is a line.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import psycopg

from azora_admin.core import clock, db
from azora_admin.core.config import load_settings
from azora_admin.core.money import Money
from azora_admin.ledger import actions as ledger
from azora_admin.ledger.rules import Entry, credit, debit

INSTRUCTORS: Final = 10_000

# The book's own tables, so its law (the triggers) holds here too; account ids are known beforehand.
_BY_HAND: Final = """
WITH entry AS (
  INSERT INTO ledger_entry (id, kind, reference, legs_hash, cause, rule_version, occurred_at)
  VALUES (%s, 'correction', %s, %s, 'bench', 'bench 1', %s) ON CONFLICT DO NOTHING RETURNING id, number)
INSERT INTO ledger_leg (entry_id, entry_number, account_id, amount, asset, position)
SELECT entry.id, entry.number, leg.account_id, leg.amount, 'usd', leg.position
  FROM entry, (VALUES (%s::bigint, -4900::bigint, 1), (%s, 3430, 2), (%s, 1470, 3)) leg (account_id, amount, position)
"""
_NO_HASH: Final = b"\0" * 32


@dataclass(frozen=True, slots=True)
class Order:
    """Post with ``how`` (ours, floor) to accounts chosen by ``pattern``, and count what falls between the two times.

    ``spread``: three instructors, other ones each time. ``hot``: Stripe's balance, the platform's revenue and any
    instructor, as every sale does. ``one``: the same for one instructor whose course everybody buys.
    """

    how: str
    pattern: str
    begin: float
    end: float


Keys = tuple[str, str, str]


def choose(pattern: str, dice: random.Random) -> Keys:
    """The accounts of the next posting: where the money comes from, the larger share's, the smaller share's."""
    if pattern == "spread":
        first, second, third = (instructor(n) for n in dice.sample(range(INSTRUCTORS), 3))
        return first, second, third
    owner = instructor(0 if pattern == "one" else dice.randrange(INSTRUCTORS))
    return "stripe:balance", owner, "platform:revenue"


def instructor(number: int) -> str:
    """The account of an instructor."""
    return f"instructor:{number}:payable"


def post_ours(keys: Keys) -> None:
    """Post as a flow does."""
    source, larger, smaller = keys
    draft = Entry(
        kind="correction",
        reference=str(uuid4()),
        legs=(
            debit(source, Money(4900, "usd")),
            credit(larger, Money(3430, "usd")),
            credit(smaller, Money(1470, "usd")),
        ),
        cause="bench",
        rule_version="bench 1",
        occurred_at=clock.now(),
    )
    with db.transaction() as session:
        ledger.post(session, draft)


def poster_by_hand(url: str) -> Callable[[Keys], None]:
    """Posts by one statement, and knows the accounts' ids."""
    connection = psycopg.connect(url, prepare_threshold=0)
    with connection.transaction():
        rows = connection.execute("SELECT key, id FROM ledger_account WHERE asset = 'usd'").fetchall()
    ids: dict[str, int] = dict(rows)

    def post(keys: Keys) -> None:
        values: list[Any] = [uuid4(), str(uuid4()), _NO_HASH, clock.now(), *(ids[key] for key in keys)]
        with connection.transaction():
            connection.execute(_BY_HAND, values)

    return post


def carry_out(order: Order, post: Callable[[Keys], None], dice: random.Random) -> list[int]:
    """Post until the end of ``order``, once at least. Returns the latencies (µs) of those that ended in its times."""
    latencies: list[int] = []
    while True:
        keys = choose(order.pattern, dice)
        began = time.monotonic()
        post(keys)
        now = time.monotonic()
        if order.begin <= now < order.end:
            latencies.append(int((now - began) * 1e6))
        if now >= order.end:
            return latencies


def main(url: str) -> None:
    """Carry out orders until standard input ends."""
    db.connect(load_settings({"database_url": url, "database_pool": 1}))
    posts = {"ours": post_ours, "floor": poster_by_hand(url)}
    dice = random.Random()
    for line in sys.stdin:
        order = Order(**json.loads(line))
        print(json.dumps(carry_out(order, posts[order.how], dice)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
