"""Each try of an event is kept; a person has it tried again, or leaves it for a reason."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Conflict, Invalid, NotFound
from azora_admin.messaging import inbox, replays
from azora_admin.messaging.replays import Decided
from azora_admin.messaging.tables import InboxAttempt
from tests.messaging.events import jobs, receive, stored

pytestmark = pytest.mark.usefixtures("database")


def fail(times: int = 1, *, event_id: str = "evt_1") -> None:
    for number in range(times):
        with db.transaction() as session:
            inbox.mark_failed(session, event_id, reason=f"no answer {number}")


def replay(event_id: str = "evt_1") -> Decided:
    with db.transaction() as session:
        return replays.replay(session, event_id, by_name="Amara")


def leave(reason: str = "It was a test.") -> Decided:
    with db.transaction() as session:
        return replays.leave(session, "evt_1", reason=reason, by_name="Amara")


def attempts() -> list[tuple[str, str, str]]:
    with db.reading() as session:
        rows = session.scalars(select(InboxAttempt).order_by(InboxAttempt.number))
        return [(row.outcome, row.reason, row.by_name) for row in rows]


def test_every_try_is_kept_with_its_outcome_and_time(test_clock: FixedClock) -> None:
    receive()
    fail(2)
    test_clock.advance(timedelta(minutes=1))
    with db.transaction() as session:
        inbox.mark_handled(session, "evt_1")
    assert attempts() == [("failed", "no answer 0", ""), ("failed", "no answer 1", ""), ("handled", "", "")]
    with db.reading() as session:
        times = session.scalars(select(InboxAttempt.at).order_by(InboxAttempt.number)).all()
    assert [at - times[0] for at in times] == [timedelta(), timedelta(), timedelta(minutes=1)]


def test_the_last_try_is_the_one_that_parks() -> None:
    receive()
    fail(inbox.TRIES)
    assert [outcome for outcome, _, _ in attempts()] == ["failed"] * (inbox.TRIES - 1) + ["parked"]


def test_a_try_that_is_rolled_back_was_none() -> None:
    receive()
    with db.rehearsal() as session:
        inbox.mark_handled(session, "evt_1")
    assert (attempts(), stored()[0].state) == ([], "received")


def test_a_parked_event_is_replayed_from_its_first_try(test_clock: FixedClock) -> None:
    receive()
    fail(inbox.TRIES)
    waiting = len(jobs())
    assert replay() == Decided("evt_1", "payment_intent.succeeded", "parked", inbox.TRIES)
    (row,) = stored()
    assert (row.state, row.attempts, row.next_try_at) == ("received", 0, test_clock.now())
    assert len(jobs()) == waiting + 1
    assert jobs()[-1].lock == "stripe:pi_1"
    assert attempts()[-1] == ("replayed", "", "Amara")


@pytest.mark.parametrize("finish", [inbox.mark_handled, inbox.mark_ignored])
def test_a_finished_event_can_be_replayed_too(finish: Callable[[Session, str], None]) -> None:
    receive()
    with db.transaction() as session:
        finish(session, "evt_1")
    replay()
    (row,) = stored()
    assert (row.state, row.handled_at) == ("received", None)
    with db.transaction() as session:
        assert inbox.take(session, "evt_1")


def test_what_was_left_is_finished_and_can_be_replayed_all_the_same() -> None:
    receive()
    fail(inbox.TRIES)
    leave("  It was \n a test. ")
    (row,) = stored()
    assert (row.state, row.last_error) == ("left", None)
    assert row.handled_at is not None
    assert attempts()[-1] == ("left", "It was a test.", "Amara")
    with db.transaction() as session:
        assert not inbox.take(session, "evt_1")
        assert list(replays.retry_parked(session, by_name="Amara")) == []
    replay()
    assert stored()[0].state == "received"


def test_only_a_parked_event_can_be_left() -> None:
    receive()
    with pytest.raises(Conflict, match="not parked"):
        leave()
    assert attempts() == []


@pytest.mark.parametrize("reason", ["", " \n ", "x" * 501])
def test_to_leave_an_event_takes_a_reason(reason: str) -> None:
    receive()
    fail(inbox.TRIES)
    with pytest.raises(Invalid) as refused:
        leave(reason)
    assert [one.field for one in refused.value.errors] == ["reason"]
    assert stored()[0].state == "parked"


def test_an_event_that_is_not_there_can_not_be_decided_about() -> None:
    for decide in (replay, leave):
        with pytest.raises(NotFound):
            decide()


def test_leaving_and_replaying_at_once_is_one_after_the_other() -> None:
    receive()
    fail(inbox.TRIES)

    def decide(number: int) -> str:
        try:
            return (leave() if number % 2 else replay()).state
        except Conflict:
            return "refused"

    with ThreadPoolExecutor(8) as threads:
        told = list(threads.map(decide, range(8)))
    decided = [outcome for outcome, _, _ in attempts() if outcome in ("left", "replayed")]
    assert decided.count("replayed") == 4
    assert decided.count("left") == 4 - told.count("refused") <= 1
    assert stored()[0].state in ("received", "left")
