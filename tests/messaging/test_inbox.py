"""An event is stored once with its job, and handled once, on the real database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.messaging import inbox, outbox, replays
from azora_admin.messaging.inbox import Received
from tests.messaging.events import Job, delivery, jobs, receive, stored

pytestmark = pytest.mark.usefixtures("database")

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
RETRY_LIMIT = 8


def take(event_id: str = "evt_1") -> bool:
    with db.transaction() as session:
        return inbox.take(session, event_id)


def finish(event_id: str = "evt_1") -> None:
    with db.transaction() as session:
        assert inbox.take(session, event_id)
        inbox.mark_handled(session, event_id)


def fail(event_id: str = "evt_1", *, reason: str = "no answer") -> None:
    with db.transaction() as session:
        inbox.mark_failed(session, event_id, reason=reason)


@contextmanager
def roll_back() -> Iterator[Session]:
    """A transaction in which something raises at the end."""
    with suppress(KeyError), db.transaction() as session:
        yield session
        raise KeyError


def lose_all_jobs() -> None:
    """As a queue that was restored from an old backup."""
    with db.transaction() as session:
        session.execute(text("DELETE FROM procrastinate_jobs"))


def requeue() -> list[str]:
    with db.transaction() as session:
        return list(inbox.requeue_overdue(session))


def test_a_new_event_is_kept_as_it_came_and_gets_its_job(test_clock: FixedClock) -> None:
    assert receive()
    (row,) = stored()
    assert (row.id, row.type, row.object_id, row.api_version) == (
        "evt_1",
        "payment_intent.succeeded",
        "pi_1",
        "2026-10-28.endive",
    )
    assert (row.raw, row.state, row.attempts, row.last_error) == (b'{"raw": 1}', "received", 0, None)
    assert (row.created_at, row.received_at, row.next_try_at, row.handled_at) == (NOON, NOON, NOON, None)
    assert jobs() == [Job(outbox.HANDLE_STRIPE_EVENT, "evt_1", "stripe:pi_1", None)]


def test_the_same_event_again_is_nothing_new() -> None:
    assert receive()
    assert not receive()
    assert not receive(object_id="pi_other")
    assert len(stored()) == len(jobs()) == 1


def test_the_same_event_thirty_times_at_once_is_one_event_and_one_job() -> None:
    with ThreadPoolExecutor(30) as threads:
        answers = list(threads.map(lambda _: receive(), range(30)))
    assert sorted(answers) == [False] * 29 + [True]
    assert len(stored()) == len(jobs()) == 1


def test_what_is_rolled_back_leaves_neither_event_nor_job() -> None:
    with roll_back() as session:
        assert inbox.receive(session, delivery())
    assert (stored(), jobs()) == ([], [])
    assert receive()


def test_event_and_job_appear_in_the_same_commit() -> None:
    with db.transaction() as session:
        inbox.receive(session, delivery())
        assert (stored(), jobs()) == ([], [])  # read by another connection
    assert len(stored()) == len(jobs()) == 1


def test_an_event_is_found_by_its_id_or_it_is_not_there() -> None:
    receive()
    with db.reading() as session:
        assert inbox.find_event(session, "evt_1") == Received(
            "evt_1", "payment_intent.succeeded", "pi_1", "received"
        )
        assert inbox.find_event(session, "evt_2") is None


def test_an_event_can_be_taken_until_it_is_finished() -> None:
    receive()
    assert take()
    assert take()
    finish()
    assert not take()
    assert not take("evt_unknown")


def test_whoever_takes_an_event_keeps_others_waiting_and_they_find_it_finished() -> None:
    receive()
    with ThreadPoolExecutor(1) as threads:
        with db.transaction() as session:
            assert inbox.take(session, "evt_1")
            other = threads.submit(take)
            inbox.mark_handled(session, "evt_1")
            assert not other.done()
        assert other.result(timeout=10) is False


@pytest.mark.parametrize("state", ["handled", "ignored"])
def test_a_finished_event_has_its_time_and_no_error(state: str, test_clock: FixedClock) -> None:
    receive()
    fail()
    test_clock.advance(timedelta(minutes=1))
    with db.transaction() as session:
        {"handled": inbox.mark_handled, "ignored": inbox.mark_ignored}[state](session, "evt_1")
    (row,) = stored()
    assert (row.state, row.handled_at, row.last_error, row.attempts) == (
        state,
        NOON + timedelta(minutes=1),
        None,
        2,
    )


def test_what_the_handler_rolled_back_leaves_the_event_as_it_was() -> None:
    receive()
    with roll_back() as session:
        assert inbox.take(session, "evt_1")
        inbox.mark_handled(session, "evt_1")
    assert stored()[0].state == "received"
    assert take()


def test_a_failed_event_waits_ever_longer_and_is_parked_after_its_last_try(test_clock: FixedClock) -> None:
    receive()
    pauses = []
    for attempt in range(1, RETRY_LIMIT):
        fail(reason=f"try {attempt}")
        (row,) = stored()
        assert (row.state, row.attempts, row.last_error) == ("received", attempt, f"try {attempt}")
        pauses.append((row.next_try_at - clock.now()).total_seconds())
        assert jobs()[-1].scheduled_at == row.next_try_at
        test_clock.advance(timedelta(minutes=30))
    assert pauses == [2, 8, 32, 128, 512, 1800, 1800]
    waiting = len(jobs())
    fail(reason="the last one")
    (row,) = stored()
    assert (row.state, row.attempts, row.last_error) == ("parked", RETRY_LIMIT, "the last one")
    assert len(jobs()) == waiting


def test_a_parked_event_stays_parked_until_somebody_has_it_handled() -> None:
    receive()
    for _ in range(RETRY_LIMIT + 3):
        fail()
    assert (stored()[0].state, stored()[0].attempts) == ("parked", RETRY_LIMIT)
    assert requeue() == []
    finish()
    assert stored()[0].state == "handled"


def test_a_failure_told_late_does_not_undo_what_is_finished() -> None:
    receive()
    finish()
    fail(reason="a slower worker")
    (row,) = stored()
    assert (row.state, row.last_error) == ("handled", None)
    assert len(jobs()) == 1


def test_a_reason_is_kept_to_a_sane_length_and_can_hold_anything() -> None:
    receive()
    fail(reason="\0\ud800" + "é" * 5000)
    reason = stored()[0].last_error
    assert reason is not None
    assert "é" * 1000 in reason
    assert len(reason) <= 2000


def test_an_event_that_waits_for_its_next_try_does_not_hold_up_the_others_of_its_object() -> None:
    receive("evt_1")
    fail("evt_1")
    receive("evt_2")
    first, retry, other = jobs()
    assert first.lock == other.lock == "stripe:pi_1"
    assert retry.scheduled_at is not None
    assert (
        retry.lock is None
    )  # the queue lets nobody pass a waiting job of the same lock, however late it is due


def test_an_event_that_lost_its_job_gets_a_new_one_once(test_clock: FixedClock) -> None:
    receive("evt_1")
    receive("evt_2", object_id="pi_2")
    finish("evt_2")
    lose_all_jobs()
    assert requeue() == []
    test_clock.advance(timedelta(seconds=31))
    assert requeue() == ["evt_1"]
    assert requeue() == []
    assert [job.event_id for job in jobs()] == ["evt_1"]
    test_clock.advance(timedelta(seconds=31))
    assert requeue() == []  # its job only waits in a long queue
    lose_all_jobs()
    assert requeue() == ["evt_1"]


def test_an_event_that_waits_for_its_next_try_is_not_overdue(test_clock: FixedClock) -> None:
    receive()
    for _ in range(5):
        fail()
    lose_all_jobs()
    test_clock.advance(timedelta(seconds=512 + 29))
    assert requeue() == []
    test_clock.advance(timedelta(seconds=2))
    assert requeue() == ["evt_1"]


def test_overdue_events_are_requeued_oldest_first_and_some_at_a_time(test_clock: FixedClock) -> None:
    for number in (1, 2, 3):
        receive(f"evt_{number}", object_id=f"pi_{number}")
        test_clock.advance(timedelta(seconds=1))
    lose_all_jobs()
    test_clock.advance(timedelta(seconds=60))
    with db.transaction() as session:
        assert list(inbox.requeue_overdue(session, limit=2)) == ["evt_1", "evt_2"]
    assert requeue() == ["evt_3"]


def test_parked_events_are_tried_from_the_start_when_somebody_says_so(test_clock: FixedClock) -> None:
    receive("evt_1")
    receive("evt_2", object_id="pi_2")
    for _ in range(inbox.TRIES):
        fail("evt_1")
    lose_all_jobs()
    with db.transaction() as session:
        assert list(replays.retry_parked(session, by_name="Amara")) == ["evt_1"]
    assert [(job.event_id, job.lock) for job in jobs()] == [("evt_1", "stripe:pi_1")]
    with db.transaction() as session:
        assert list(replays.retry_parked(session, by_name="Amara")) == []


def test_ten_rounds_at_once_requeue_each_event_once(test_clock: FixedClock) -> None:
    for number in range(20):
        receive(f"evt_{number:02}", object_id=f"pi_{number}")
    lose_all_jobs()
    test_clock.advance(timedelta(minutes=5))
    now = clock.now()

    def round_of_a_worker(_: int) -> list[str]:
        with clock.use(FixedClock(now)):
            return requeue()

    with ThreadPoolExecutor(10) as threads:
        found = [event for round_ in threads.map(round_of_a_worker, range(10)) for event in round_]
    assert sorted(found) == [f"evt_{number:02}" for number in range(20)]
