"""Days are sealed one after the other once they are over, and nothing gets into a sealed one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from azora_admin.core import db, sealing
from azora_admin.identity.actions import audit
from azora_admin.identity.actions.audit_seals import PURPOSE, SealedDay, seal_next_day
from azora_admin.identity.rules import Actor, Subject
from azora_admin.identity.tables import AuditHead, AuditLink, AuditMark, AuditSeal
from tests.eventually import eventually
from tests.identity.audit_days import days_ago, record_on

pytestmark = pytest.mark.usefixtures("database")

SECRET = "a secret key for tests, thirty-two characters"


def seal_one() -> SealedDay | None:
    with db.transaction() as session:
        return seal_next_day(session, secret_key=SECRET)


def seal_all() -> list[SealedDay]:
    return list(iter(seal_one, None))


def links_of(day: date) -> int:
    with db.reading() as session:
        return len(session.scalars(select(AuditLink).where(AuditLink.day == day)).all())


def test_an_empty_log_has_nothing_to_seal() -> None:
    assert seal_all() == []


def test_a_day_that_is_not_over_is_not_sealed() -> None:
    with db.transaction() as session:
        audit.record(session, Actor(None, "", "job", "", ""), act="a.b", subject=Subject("c", "d"))
    assert seal_all() == []


def test_every_day_since_the_first_entry_is_sealed_even_one_on_which_nothing_happened() -> None:
    record_on(days_ago(4), 3, chain_turns=2)
    record_on(days_ago(1), 1)
    assert [(one.day, one.entries) for one in seal_all()] == [
        (days_ago(4), 6),
        (days_ago(3), 0),
        (days_ago(2), 0),
        (days_ago(1), 1),
    ]
    with db.reading() as session:
        seals = session.scalars(select(AuditSeal).order_by(AuditSeal.day)).all()
        heads = session.scalars(select(AuditHead)).all()
    assert [seal.previous for seal in seals] == [None, *(seal.hash for seal in seals[:-1])]
    assert len(heads) == 4 * 16
    assert all(head.sealed for head in heads)


def test_each_seal_bears_the_mark_of_the_secret_key() -> None:
    record_on(days_ago(1))
    (sealed,) = seal_all()
    with db.reading() as session:
        row = session.scalars(select(AuditMark)).one()
    assert sealing.Mark(row.key_id, row.mark) == sealing.mark(SECRET, PURPOSE, sealed.hash)


def test_an_entry_that_comes_too_late_is_filed_under_the_first_day_without_a_seal() -> None:
    record_on(days_ago(3))
    seal_one()
    record_on(days_ago(3), 2)
    record_on(days_ago(30), 1)
    assert (links_of(days_ago(3)), links_of(days_ago(2)), links_of(days_ago(30))) == (1, 3, 0)


def test_the_seal_waits_for_whoever_is_just_committing_an_entry_of_its_day() -> None:
    record_on(days_ago(1))
    linked, sealing_waits = Event(), Event()

    def commit_slowly() -> None:
        with db.transaction() as session:
            # The law's own link, held open: as between the trigger and the end of a commit.
            session.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER stamp"))
            session.execute(
                text(
                    "INSERT INTO audit_entry SELECT gen_random_uuid(), recorded_at, act, subject_kind, subject_id, '',"
                    " NULL, '', NULL, 'job', '', '', '' FROM audit_entry LIMIT 1"
                )
            )
            session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
            session.execute(text("ALTER TABLE audit_entry ENABLE TRIGGER stamp"))
            linked.set()
            assert sealing_waits.wait(10)

    with ThreadPoolExecutor(2) as threads:
        late = threads.submit(commit_slowly)
        assert linked.wait(10)
        sealed = threads.submit(seal_one)
        eventually(_somebody_waits)
        sealing_waits.set()
        late.result()
        found = sealed.result()
    assert found is not None
    assert found.entries == 2


def _somebody_waits() -> bool:
    with db.reading() as session:
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        return bool(session.scalar(text(waiting)) == 1)


def test_an_entry_that_meets_the_seal_of_its_day_waits_for_it_and_goes_into_the_next() -> None:
    record_on(days_ago(1), chain_turns=16)
    with ThreadPoolExecutor(1) as threads:
        with db.transaction() as session:
            sealed = seal_next_day(session, secret_key=SECRET)
            late = threads.submit(record_on, days_ago(1))
            eventually(_somebody_waits)
        late.result()
    assert sealed is not None
    assert (sealed.entries, links_of(days_ago(1)), links_of(days_ago(0))) == (16, 16, 1)


def test_two_who_seal_at_once_seal_each_day_once() -> None:
    record_on(days_ago(6))
    with ThreadPoolExecutor(4) as threads:
        found = [one for sealed in threads.map(lambda _: seal_all(), range(4)) for one in sealed]
    assert sorted(one.day for one in found) == [days_ago(days) for days in range(6, 0, -1)]


@pytest.mark.parametrize("days", [0, -1, 1, 4])
def test_the_database_itself_refuses_a_day_out_of_turn(days: int) -> None:
    record_on(days_ago(3))
    seal_one()
    with pytest.raises(DBAPIError) as refused, db.transaction() as session:
        session.execute(text("INSERT INTO audit_seal (day) VALUES (:day)"), {"day": days_ago(days)})
    assert getattr(refused.value.orig, "sqlstate", None) == "AZ002"


def test_no_older_day_is_left_out_by_the_first_seal() -> None:
    record_on(days_ago(3))
    with pytest.raises(DBAPIError) as refused, db.transaction() as session:
        session.execute(text("INSERT INTO audit_seal (day) VALUES (:day)"), {"day": days_ago(2)})
    assert "is not the next" in str(refused.value)
