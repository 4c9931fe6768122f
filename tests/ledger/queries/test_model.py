"""Every reading of the book equals a plain Python model of it, while entries commit out of order around snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

import pytest
from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.paging import Cursor
from azora_admin.ledger import actions, queries
from azora_admin.ledger.queries import BookedEntry
from azora_admin.ledger.rules import Entry, Leg, credit, debit, kind_of
from tests.ledger.books import NOON, fact, post, proven, usd

pytestmark = pytest.mark.usefixtures("database")

WRITERS: Final = 4
HOT: Final = ("stripe:balance", "platform:revenue")
KEYS: Final = (*HOT, *(f"instructor:{writer}:payable" for writer in range(WRITERS)))


@dataclass(frozen=True)
class Line:
    """What the model knows of one entry's part on one account, in the account's own sense."""

    number: int
    posted_at: datetime
    entry_id: object
    amount: int
    available_at: datetime | None


class Model:
    """The book as a list. Nothing clever."""

    def __init__(self) -> None:
        self.entries: list[BookedEntry] = []

    def lines(self, key: str) -> list[Line]:
        side = kind_of(key).side
        return [
            Line(
                entry.number,
                entry.posted_at,
                entry.id,
                side * sum(leg.amount for leg in legs),
                legs[-1].available_at,
            )
            for entry in sorted(self.entries, key=lambda entry: entry.number)
            if (legs := [leg for leg in entry.legs if leg.key == key])
        ]


@pytest.mark.parametrize("seed", range(4))
def test_the_book_equals_a_model_of_it(seed: int) -> None:
    random = Random(seed)
    model = Model()
    moments: list[datetime] = []
    _open_accounts(model)
    for _ in range(12):
        _round(random, model)
        moments.append(clock.now())
    with db.snapshot() as session:
        for key in KEYS:
            lines = model.lines(key)
            assert queries.balance(session, key, "usd") == sum(line.amount for line in lines)
            for at in [*moments, lines[-1].posted_at, lines[0].posted_at - timedelta(microseconds=1)]:
                expected = sum(line.amount for line in lines if line.posted_at <= at)
                assert queries.balance_as_of(session, key, "usd", at) == expected
            for limit in (1, 3, 100):
                _same_statement(session, key, lines, limit)
        for key in KEYS[len(HOT) :]:
            for at in (NOON, NOON + timedelta(days=3), NOON + timedelta(days=30)):
                _same_availability(session, key, model.lines(key), at)
        for moment in (None, *moments):
            _same_trial_balance(session, model, moment)
    assert proven()


def _open_accounts(model: Model) -> None:
    for writer in range(WRITERS):
        entry_id = post(_movement(Random(writer), writer)).entry_id
        _learn(model, [entry_id])


def _round(random: Random, model: Model) -> None:
    """Some transactions post and commit in another order; sometimes a snapshot is taken in the middle of it."""
    with ExitStack() as stack, ThreadPoolExecutor(1) as thread:
        writers = {place: stack.enter_context(Session(db.current().writer)) for place in range(WRITERS)}
        posted: dict[int, list[object]] = {place: [] for place in writers}
        for _ in range(random.randint(1, 8)):
            place = random.randrange(WRITERS)
            posted[place].append(actions.post(writers[place], _movement(random, place)).entry_id)
        taken = thread.submit(_snapshot) if random.random() < 0.5 else None
        for place in random.sample(range(WRITERS), WRITERS):
            if random.random() < 0.2:
                writers[place].rollback()
                posted[place].clear()
            writers[place].commit()
        if taken is not None:
            taken.result(timeout=10)
    _learn(model, [entry_id for some in posted.values() for entry_id in some])


def _movement(random: Random, writer: int) -> Entry:
    """A sale, or a refund of one, of which the instructor's part is sometimes pending."""
    key, share, fee = f"instructor:{writer}:payable", random.randint(1, 9999), random.randint(1, 999)
    at = random.choice([None, NOON + timedelta(days=random.randint(0, 20))])
    if random.random() < 0.7:
        legs: tuple[Leg, ...] = (
            debit("stripe:balance", usd(share + fee)),
            credit(key, usd(share), at),
            credit("platform:revenue", usd(fee)),
        )
        return fact(*legs)
    legs = (debit(key, usd(share), at), debit(key, usd(fee), at), credit("stripe:balance", usd(share + fee)))
    return fact(*legs, kind="refund_settled")


def _snapshot() -> None:
    with db.transaction() as session:
        actions.take_snapshot(session)


def _learn(model: Model, entry_ids: list[object]) -> None:
    with db.reading() as session:
        for entry_id in entry_ids:
            entry = queries.find_entry(session, entry_id)  # type: ignore[arg-type]
            assert entry is not None
            model.entries.append(entry)


def _same_statement(session: Session, key: str, lines: list[Line], limit: int) -> None:
    expected, running = [], 0
    for line in lines:
        running += line.amount
        expected.append((line.entry_id, line.amount, running, line.available_at))
    pages = list(_pages(session, key, limit))
    found = [line for page in pages for line in page]
    assert [(line.entry_id, line.amount, line.balance, line.available_at) for line in found] == expected[::-1]


def _pages(session: Session, key: str, limit: int) -> Iterator[list[queries.StatementLine]]:
    """All pages forward; each is read backwards from the page after it, too, and must be the same."""
    cursor: Cursor | None = None
    before: list[queries.StatementLine] | None = None
    while True:
        page = queries.statement(session, key, "usd", cursor, limit)
        if before is not None:
            back = queries.statement(session, key, "usd", page.previous_cursor, limit)
            assert list(back.items) == before
        yield (before := list(page.items))
        cursor = page.next_cursor
        if cursor is None:
            return


def _same_availability(session: Session, key: str, lines: list[Line], at: datetime) -> None:
    pending = sum(line.amount for line in lines if line.available_at is not None and line.available_at > at)
    total = sum(line.amount for line in lines)
    expected = queries.Availability(available=total - pending, pending=pending)
    assert queries.available_and_pending(session, key, "usd", at) == expected


def _same_trial_balance(session: Session, model: Model, as_of: datetime | None) -> None:
    expected: dict[str, int] = {}
    for entry in model.entries:
        if as_of is None or entry.posted_at <= as_of:
            for leg in entry.legs:
                expected[leg.account_kind] = expected.get(leg.account_kind, 0) + leg.amount
    trial = queries.trial_balance(session, "usd", as_of)
    assert {line.kind: line.credit - line.debit for line in trial.lines} == expected
    assert trial.debit == trial.credit
