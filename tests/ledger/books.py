"""Facts to post in tests, raw SQL against the book, and many connections at one moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from threading import Barrier
from typing import Any, TypeVar
from uuid import UUID

import psycopg

from azora_admin.core import db
from azora_admin.core.ids import new_id
from azora_admin.core.money import Money
from azora_admin.core.tokens import TokenAmount
from azora_admin.ledger import actions, queries
from azora_admin.ledger.actions import Posted
from azora_admin.ledger.rules import Entry, Leg, credit, debit

T = TypeVar("T")
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
Connection = psycopg.Connection[Any]


def usd(cents: int) -> Money:
    return Money(cents, "usd")


def fact(*legs: Leg, kind: str = "sale", reference: str | None = None) -> Entry:
    """A draft with a reference of its own, unless one is given."""
    return Entry(
        kind=kind,
        reference=reference or str(new_id()),
        legs=legs,
        cause="stripe:evt_1",
        rule_version="1",
        occurred_at=NOON,
    )


def sale(
    instructor: str = "ada", *, share: int = 3430, fee: int = 1470, reference: str | None = None
) -> Entry:
    """A sale, in cents: Stripe's balance up, the instructor's share and the platform's."""
    return fact(
        debit("stripe:balance", usd(share + fee)),
        credit(f"instructor:{instructor}:payable", usd(share)),
        credit("platform:revenue", usd(fee)),
        reference=reference,
    )


def award(learner: str, tokens: int) -> Entry:
    amount = TokenAmount(tokens)
    return fact(debit("token:issued", amount), credit(f"learner:{learner}:tokens", amount), kind="award")


def transfer(giver: str, taker: str, tokens: int, *, reference: str | None = None) -> Entry:
    amount = TokenAmount(tokens)
    legs = debit(f"learner:{giver}:tokens", amount), credit(f"learner:{taker}:tokens", amount)
    return fact(*legs, kind="transfer", reference=reference)


def post(draft: Entry) -> Posted:
    """Post in a transaction of its own."""
    with db.transaction() as session:
        return actions.post(session, draft)


def balance(key: str, asset: str = "usd") -> int:
    with db.reading() as session:
        return queries.balance(session, key, asset)


def proven() -> bool:
    """Whether the book proves; its differences are in the failure otherwise."""
    with db.snapshot() as session:
        assert queries.prove(session) == []
    return True


def differing() -> set[str]:
    """The codes of all that does not prove."""
    with db.snapshot() as session:
        return {difference.code for difference in queries.prove(session)}


def at_once(count: int, do: Callable[[int], T]) -> list[T | Exception]:
    """``do(0) … do(count - 1)``, each in a thread, begun together. An exception is an answer, too."""
    start = Barrier(count)

    def run(place: int) -> T | Exception:
        start.wait(timeout=30)
        try:
            return do(place)
        except Exception as error:  # noqa: BLE001  handed to the test
            return error

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


@contextmanager
def by_hand(url: str) -> Iterator[Connection]:
    """A connection of one's own, committed at the end of the block and closed in any case."""
    with closing(psycopg.connect(url)) as connection:
        yield connection
        connection.commit()


def raw_entry(connection: Connection, *, kind: str = "sale") -> tuple[UUID, int]:
    """An entry without legs, by hand. Its id and number."""
    row = connection.execute(
        "INSERT INTO ledger_entry (id, kind, reference, legs_hash, cause, rule_version, occurred_at)"
        " VALUES (%s, %s, %s, sha256('x'), 'by hand', '1', now()) RETURNING id, number",
        (new_id(), kind, str(new_id())),
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def raw_legs(
    connection: Connection, entry: tuple[UUID, int], legs: Sequence[tuple[str, str, int]], *, first: int = 1
) -> None:
    """Legs (key, asset, amount) of ``entry`` by hand, in one statement, with positions from ``first``."""
    connection.execute(
        "INSERT INTO ledger_leg (entry_id, entry_number, account_id, amount, asset, position)"
        " SELECT %s, %s, coalesce((SELECT id FROM ledger_account a WHERE a.key = leg.key"
        "   AND a.asset = CASE WHEN leg.key LIKE '%%token%%' THEN 'azr' ELSE 'usd' END), 0), amount, asset,"
        "   %s + place - 1"
        " FROM unnest(%s::text[], %s::text[], %s::bigint[]) WITH ORDINALITY leg (key, asset, amount, place)",
        (*entry, first, *(list(column) for column in zip(*legs, strict=True))),
    )
