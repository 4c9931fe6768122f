"""A mail is written beside its fact, once for each key, and waits, is sent, refused or parked; on the real database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

import pytest
from sqlalchemy import select, text

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.letters import Letter, Sealed, seal_secret
from azora_admin.messaging import mail
from azora_admin.messaging.mail import TRIES
from azora_admin.messaging.tables import Mail

pytestmark = pytest.mark.usefixtures("database")

SECRET = "a secret key for tests, thirty-two characters"


@dataclass(frozen=True)
class Greeting(Letter):
    kind: ClassVar[str] = "greeting"
    name: str
    token: Sealed


def greet(key: str = "greeting:1:new", name: str = "Lena") -> bool:
    letter = Greeting(name, seal_secret(SECRET, "the-token"))
    with db.transaction() as session:
        return mail.enqueue(session, letter, to="lena@example.com", key=key)


def only() -> Mail:
    with db.reading() as session:
        return session.scalars(select(Mail)).one()


def waiting_jobs() -> list[str]:
    with db.reading() as session:
        return list(
            session.scalars(
                text(
                    "SELECT args ->> 'mail_id' FROM procrastinate_jobs"
                    " WHERE task_name = 'mail.send' AND status = 'todo' ORDER BY id"
                )
            )
        )


def lose_all_jobs() -> None:
    with db.transaction() as session:
        session.execute(text("DELETE FROM procrastinate_jobs"))


def take(mail_id: UUID) -> bool:
    with db.transaction() as session:
        return mail.reserve(session, mail_id) is not None


def put_off(mail_id: UUID, *, reason: str = "no answer") -> None:
    with db.transaction() as session:
        mail.put_off(session, mail_id, reason=reason)


def requeue() -> list[UUID]:
    with db.transaction() as session:
        return list(mail.requeue_overdue(session))


def test_a_mail_and_its_job_appear_with_the_fact_or_not_at_all() -> None:
    with suppress(KeyError), db.transaction() as session:
        mail.enqueue(session, Greeting("Lena", seal_secret(SECRET, "x")), to="a@example.com", key="k")
        raise KeyError
    assert waiting_jobs() == []
    assert greet()
    assert waiting_jobs() == [str(only().id)]


def test_a_mail_of_one_key_is_written_once_though_twenty_write_it_at_once() -> None:
    with ThreadPoolExecutor(20) as threads:
        answers = sorted(threads.map(lambda _: greet(), range(20)))
    assert answers == [False] * 19 + [True]
    assert len(waiting_jobs()) == 1


def test_the_queue_does_not_hold_the_secret_of_a_letter() -> None:
    greet()
    with db.reading() as session:
        everything = str(session.execute(text("SELECT mail, mail.letter::text FROM mail")).all())
        everything += str(session.execute(text("SELECT args FROM procrastinate_jobs")).all())
    assert "Lena" in everything
    assert "the-token" not in everything


@pytest.mark.parametrize(
    "name", ["Lena\nBcc: x@example.com", "Le\rna", "Le\0na", "Le\u2028na", "Le\x0bna", "\ud800"]
)
def test_text_that_could_begin_a_line_is_not_written(name: str) -> None:
    with pytest.raises(ValueError, match="greeting: name has control characters"):
        greet(name=name)


def test_of_many_workers_one_has_the_mail() -> None:
    greet()
    mail_id = only().id
    with ThreadPoolExecutor(10) as threads:
        assert sorted(threads.map(lambda _: take(mail_id), range(10))) == [False] * 9 + [True]


def test_a_sent_mail_is_sent_once_and_says_nothing_any_more(test_clock: FixedClock) -> None:
    greet()
    mail_id = only().id
    assert take(mail_id)
    with db.transaction() as session:
        mail.mark_sent(session, mail_id)
    row = only()
    assert (row.state, row.sent_at, row.letter, row.attempts) == ("sent", test_clock.now(), None, 1)
    test_clock.advance(timedelta(days=1))
    assert not take(mail_id)


def test_a_refused_mail_keeps_its_reason_and_says_nothing_any_more() -> None:
    greet()
    mail_id = only().id
    assert take(mail_id)
    with db.transaction() as session:
        mail.mark_failed(session, mail_id, reason="the recipient is refused (550)\0")
    row = only()
    assert (row.state, row.letter, row.last_error) == ("failed", None, "the recipient is refused (550)\ufffd")


def test_a_mail_that_was_tried_in_vain_waits_ever_longer_and_is_parked_in_the_end(
    test_clock: FixedClock,
) -> None:
    greet()
    mail_id = only().id
    pauses = []
    for attempt in range(1, TRIES + 1):
        assert take(mail_id), attempt
        put_off(mail_id)
        row = only()
        if attempt < TRIES:
            pauses.append((row.next_try_at - test_clock.now()).total_seconds())
            test_clock.advance(row.next_try_at - test_clock.now())
    assert (row.state, row.attempts, row.last_error) == ("parked", TRIES, "no answer")
    assert row.letter is not None
    assert pauses == [15, 60, 240, 960, 3840, 14400, 14400, 14400, 14400]
    test_clock.advance(timedelta(days=1))
    assert not take(mail_id)
    with db.transaction() as session:
        assert list(mail.retry_parked(session)) == [mail_id]
    assert take(mail_id)


def test_a_mail_that_lost_its_job_gets_a_new_one(test_clock: FixedClock) -> None:
    greet()
    lose_all_jobs()
    test_clock.advance(timedelta(seconds=29))
    assert requeue() == []
    test_clock.advance(timedelta(seconds=2))
    assert requeue() == [only().id]
    assert waiting_jobs() == [str(only().id)]
    test_clock.advance(timedelta(minutes=5))
    assert requeue() == [], "its job still waits"


def test_a_mail_whose_worker_died_is_tried_again_after_its_lease(test_clock: FixedClock) -> None:
    greet()
    mail_id = only().id
    assert take(mail_id)
    lose_all_jobs()
    test_clock.advance(timedelta(minutes=1))
    assert not take(mail_id)
    test_clock.advance(timedelta(minutes=2))
    assert requeue() == [mail_id]
    assert take(mail_id)


def test_a_mail_that_ends_every_worker_is_parked(test_clock: FixedClock) -> None:
    greet()
    mail_id = only().id
    for _ in range(TRIES):
        assert take(mail_id)
        lose_all_jobs()
        test_clock.advance(timedelta(minutes=5))
    assert requeue() == [mail_id]
    assert only().state == "parked"
    assert waiting_jobs() == []


def test_old_mails_are_forgotten_and_open_ones_are_not(test_clock: FixedClock) -> None:
    greet("sent")
    sent = only().id
    assert take(sent)
    with db.transaction() as session:
        mail.mark_sent(session, sent)
    greet("open")
    test_clock.advance(timedelta(days=91))
    with db.transaction() as session:
        mail.forget_old(session)
    assert only().key == "open"
