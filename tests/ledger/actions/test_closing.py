"""Snapshots and closed periods: exact, though entries become visible out of the order of their numbers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.errors import Conflict, DomainError
from azora_admin.ledger import actions
from azora_admin.ledger.actions import Snapshot
from azora_admin.ledger.queries import periods
from tests.eventually import eventually
from tests.ledger.books import at_once, balance, differing, post, proven, sale

pytestmark = pytest.mark.usefixtures("database")


def snapshot() -> Snapshot | None:
    with db.transaction() as session:
        return actions.take_snapshot(session)


def seal(ended_at: datetime) -> periods.Period:
    with db.transaction() as session:
        return actions.seal_period(session, ended_at)


def _waits_for(event: str) -> bool:
    """Whether some connection waits: ``PgSleep`` for writers to end, ``advisory`` for another snapshot."""
    with db.reading() as session:
        asking = text(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event = :event AND datname = current_database()"
        )
        return bool(session.execute(asking, {"event": event}).scalar())


def rollups() -> dict[str, int]:
    with db.reading() as session:
        found = session.execute(
            text(
                "SELECT DISTINCT ON (a.key) a.key, r.balance FROM ledger_rollup r"
                " JOIN ledger_account a ON a.id = r.account_id ORDER BY a.key, r.number DESC"
            )
        )
        return {row.key: row.balance for row in found}


def test_an_empty_book_has_no_snapshot() -> None:
    assert snapshot() is None


def test_a_snapshot_holds_every_account_that_moved() -> None:
    post(sale("ada"))
    post(sale("ben"))
    taken = snapshot()
    assert taken is not None
    assert taken.entries == 2
    assert rollups() == {
        "stripe:balance": -9800,
        "platform:revenue": 2940,
        "instructor:ada:payable": 3430,
        "instructor:ben:payable": 3430,
    }
    assert proven()


def test_a_snapshot_of_nothing_new_is_the_last_one() -> None:
    draft = sale()
    post(draft)
    first = snapshot()
    assert snapshot() == first
    post(draft)  # A replay uses up a number.
    assert snapshot() == first


def test_balances_go_on_from_a_snapshot() -> None:
    for _ in range(3):
        post(sale())
        snapshot()
    post(sale())
    assert balance("stripe:balance") == 4 * 4900
    assert rollups()["stripe:balance"] == -3 * 4900
    assert proven()


def test_a_snapshot_waits_for_a_lower_number_that_is_not_yet_visible() -> None:
    post(sale())
    with Session(db.current().writer) as slow, ThreadPoolExecutor(1) as thread:
        actions.post(slow, sale("slow"))
        post(sale("quick"))
        future = thread.submit(snapshot)
        eventually(lambda: _waits_for("PgSleep"))
        post(sale("during"))  # Posting goes on meanwhile.
        assert not future.done()
        slow.commit()
        taken = future.result(timeout=10)
    assert taken is not None
    assert taken.entries == 3
    assert rollups()["instructor:slow:payable"] == rollups()["instructor:quick:payable"] == 3430
    assert "instructor:during:payable" not in rollups()
    assert balance("stripe:balance") == 4 * 4900
    assert proven()


def test_a_snapshot_does_not_wait_for_one_that_began_after_it() -> None:
    post(sale())
    with (
        Session(db.current().writer) as slow,
        Session(db.current().writer) as late,
        ThreadPoolExecutor(1) as thread,
    ):
        actions.post(slow, sale("slow"))
        future = thread.submit(snapshot)
        eventually(lambda: _waits_for("PgSleep"))
        actions.post(late, sale("late"))
        slow.commit()
        taken = future.result(timeout=10)
        late.commit()
    assert taken is not None
    assert taken.entries == 2
    assert balance("stripe:balance") == 3 * 4900
    assert proven()


def test_a_snapshot_gives_up_on_a_writer_that_does_not_end() -> None:
    with Session(db.current().writer) as slow, db.transaction() as session:
        actions.post(slow, sale("slow"))
        with pytest.raises(DomainError) as refusal:
            actions.take_snapshot(session, patience=timedelta(milliseconds=50))
        session.rollback()
    assert (refusal.value.status, refusal.value.code) == (503, "ledger_busy")


def test_a_snapshot_needs_a_transaction_that_sees_what_it_waited_for() -> None:
    with db.snapshot() as session, pytest.raises(DBAPIError, match="READ COMMITTED"):
        actions.take_snapshot(session)


def test_a_snapshot_waits_for_another_and_is_the_same() -> None:
    post(sale())
    with Session(db.current().writer) as first, ThreadPoolExecutor(1) as thread:
        taken = actions.take_snapshot(first)
        future = thread.submit(snapshot)
        eventually(lambda: _waits_for("advisory"))
        first.commit()
        assert future.result(timeout=10) == taken
    assert proven()


def test_snapshots_among_many_postings_leave_nothing_out() -> None:
    def act(place: int) -> None:
        for turn in range(10):
            if place == 0:
                snapshot()
            else:
                post(sale(f"i{place}", share=100 + turn, fee=1))

    assert at_once(9, act) == [None] * 9
    snapshot()
    expected = 8 * sum(101 + turn for turn in range(10))
    assert balance("stripe:balance") == expected == -rollups()["stripe:balance"]
    assert proven()


def test_a_sealed_period_has_the_entries_posted_in_it() -> None:
    post(sale())
    first = seal(clock.now())
    post(sale())
    post(sale())
    second = seal(clock.now())
    assert (first.began_at, first.entries) == (None, 1)
    assert (second.began_at, second.entries) == (first.ended_at, 2)
    assert first.digest != second.digest
    assert proven()


def test_a_period_is_sealed_once() -> None:
    post(sale())
    ended_at = clock.now()
    sealed = {
        period.digest for period in at_once(5, lambda _: seal(ended_at)) if isinstance(period, periods.Period)
    }
    post(sale())
    assert {seal(ended_at).digest} == sealed


def test_a_period_that_is_not_over_or_lies_in_a_closed_one_is_not_sealed() -> None:
    post(sale())
    sealed = seal(clock.now())
    for moment, code in (
        (clock.now() + timedelta(minutes=1), "period_not_over"),
        (sealed.ended_at - timedelta(minutes=1), "period_already_sealed"),
    ):
        with pytest.raises(Conflict) as refusal:
            seal(moment)
        assert refusal.value.code == code


def test_an_empty_period_can_be_sealed_and_the_chain_goes_on() -> None:
    first, second = seal(clock.now()), seal(clock.now())
    assert (first.entries, second.entries) == (0, 0)
    assert second.began_at == first.ended_at
    assert proven()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_entry SET cause = 'another' WHERE number = 1",
        "UPDATE ledger_entry SET posted_at = posted_at - interval '1 second' WHERE number = 2",
        "DELETE FROM ledger_entry WHERE number = 1",
        "UPDATE ledger_period SET entries = entries + 1",
    ],
)
def test_whatever_changes_in_a_sealed_period_breaks_its_seal(change: str) -> None:
    post(sale())
    post(sale())
    seal(clock.now())
    post(sale())
    assert proven()
    with db.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text(change))
    assert "seal_broken" in differing()


def test_an_entry_moved_back_into_a_sealed_period_is_found() -> None:
    post(sale())
    sealed = seal(clock.now())
    post(sale())
    with db.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        moved = "UPDATE ledger_entry SET posted_at = :at - interval '1 second' WHERE number = 2"
        session.execute(text(moved), {"at": sealed.ended_at})
    assert differing() == {"entry_backdated"}
