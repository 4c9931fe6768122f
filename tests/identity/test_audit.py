"""The audit log on the real database: written with the change, chained as it commits, only ever added to."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from azora_admin.core import db
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Actor, Subject
from azora_admin.identity.tables import AuditEntry, AuditHead, AuditLink

pytestmark = pytest.mark.usefixtures("database")

ADA = Actor(PersonId(new_id()), "Ada", "page", "req_12345678", "192.0.2.1", key_id=new_id())
COURSE = Subject("course", "c-1", "Rust")


def record(times: int = 1, *, actor: Actor = ADA, why: str = "asked to") -> None:
    with db.transaction() as session:
        for number in range(times):
            audit.record(
                session,
                actor,
                act="course.renamed",
                subject=COURSE,
                before={"n": number},
                after={"n": -1},
                why=why,
            )


def entries() -> Sequence[AuditEntry]:
    with db.reading() as session:
        return session.scalars(select(AuditEntry).order_by(AuditEntry.recorded_at, AuditEntry.id)).all()


def links() -> Sequence[AuditLink]:
    with db.reading() as session:
        return session.scalars(
            select(AuditLink).order_by(AuditLink.day, AuditLink.chain, AuditLink.number)
        ).all()


def test_an_entry_says_who_did_what_on_which_way_and_why() -> None:
    record()
    (entry,) = entries()
    assert (entry.actor_id, entry.actor_name, entry.key_id) == (ADA.person_id, "Ada", ADA.key_id)
    assert (entry.via, entry.request_id, entry.address) == ("page", "req_12345678", "192.0.2.1")
    assert (entry.act, entry.why) == ("course.renamed", "asked to")
    assert (entry.subject_kind, entry.subject_id, entry.subject_label) == ("course", "c-1", "Rust")
    assert (entry.before, entry.after) == ({"n": 0}, {"n": -1})


def test_an_entry_is_not_there_without_its_change() -> None:
    with db.transaction() as session:
        audit.record(session, ADA, act="course.renamed", subject=COURSE)
        session.rollback()
    assert (entries(), links()) == ([], [])


def test_what_comes_from_outside_is_kept_as_far_as_the_database_can_hold_it() -> None:
    record(actor=Actor(None, "a\0b", "api", "", "\ud800"), why="x" * 9000)
    (entry,) = entries()
    assert (entry.actor_id, entry.actor_name, entry.address) == (None, "a\ufffdb", "?")
    assert len(entry.why) == audit.LONGEST_WORDS


def test_a_secret_is_refused_and_nothing_is_written() -> None:
    with pytest.raises(ValueError, match="no secrets"), db.transaction() as session:
        audit.record(session, ADA, act="person.renamed", subject=COURSE, after={"password": "x"})
    assert entries() == []


def test_each_transaction_is_a_piece_of_one_chain_whose_numbers_have_no_gap() -> None:
    for _ in range(40):
        record(3)
    chains: dict[int, list[int]] = {}
    for link in links():
        chains.setdefault(link.chain, []).append(link.number)
    assert len(chains) == 16
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in chains.values())
    assert sum(map(len, chains.values())) == 120


def test_the_head_of_a_chain_is_its_last_link() -> None:
    record(4)
    with db.reading() as session:
        head = session.scalars(select(AuditHead)).one()
    last = links()[-1]
    assert (head.number, head.hash, head.sealed) == (4, last.hash, False)


def test_a_hash_is_what_anybody_can_compute_from_the_row_and_the_hash_before_it() -> None:
    record(2, why="because of 5:x, ünïcode")
    record(actor=Actor(None, "", "job", "", ""), why="")
    by_id = {entry.id: entry for entry in entries()}
    before: dict[int, str] = {}
    for link in links():
        with db.reading() as session:
            told = session.execute(
                text("SELECT before::text, after::text FROM audit_entry WHERE id = :id"),
                {"id": link.entry_id},
            ).one()
        entry = by_id[link.entry_id]
        assert link.hash == _hash_of(link, before.get(link.chain), entry, told)
        before[link.chain] = link.hash.hex()


def _hash_of(link: AuditLink, previous: str | None, entry: AuditEntry, told: Any) -> bytes:
    seconds = entry.recorded_at.replace(microsecond=0)
    fields = [
        link.day.isoformat(),
        link.chain,
        link.number,
        previous,
        entry.id,
        f"{int(seconds.timestamp())}{entry.recorded_at.microsecond:06}",
        entry.act,
        entry.subject_kind,
        entry.subject_id,
        entry.subject_label,
        entry.actor_id,
        entry.actor_name,
        entry.key_id,
        entry.via,
        entry.request_id,
        entry.address,
        entry.why,
        *told,
    ]
    return sha256(b"azora audit 1" + b"".join(map(_field, fields))).digest()


def _field(value: object) -> bytes:
    if value is None:
        return b"-"
    written = str(value).encode()
    return b"%d:%b" % (len(written), written)


def test_many_at_once_wait_for_nobody_to_finish_and_all_are_linked() -> None:
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda _: record(2), range(96)))
    assert len(entries()) == len({link.entry_id for link in links()}) == 192
    assert len({(link.day, link.chain, link.number) for link in links()}) == 192


def test_nobody_waits_for_somebody_who_has_written_an_entry_and_is_not_done_yet() -> None:
    """So many transactions meet all the chains: were one held since its entry was written, they would wait for it."""
    with db.transaction() as session:
        audit.record(session, ADA, act="course.renamed", subject=COURSE)
        with ThreadPoolExecutor(1) as threads:
            for _ in range(32):
                threads.submit(record).result(timeout=5)
        audit.record(session, ADA, act="course.renamed", subject=COURSE)
    assert len(links()) == 34


def test_the_database_gives_the_time_whatever_is_told() -> None:
    with db.transaction() as session:
        at = session.scalar(
            text(
                "INSERT INTO audit_entry (id, recorded_at, act, subject_kind, subject_id, subject_label, actor_name,"
                " via, request_id, address, why) VALUES (gen_random_uuid(), '2001-01-01', 'a.b', 'c', 'd', '', '',"
                " 'job', '', '', '') RETURNING recorded_at > now() - interval '1 minute'"
            )
        )
    assert at is True
    assert len(links()) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET why = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "UPDATE audit_link SET number = 7",
        "DELETE FROM audit_link",
        "TRUNCATE audit_link",
        "INSERT INTO audit_link VALUES (gen_random_uuid(), '2026-07-01', 0, 1, '')",
        "UPDATE audit_head SET sealed = true",
        "INSERT INTO audit_head VALUES ('2026-07-01', 0, 0, NULL, true)",
        "DELETE FROM audit_head",
        "TRUNCATE audit_head",
        "DELETE FROM audit_seal",
        "TRUNCATE audit_seal CASCADE",
        "UPDATE audit_seal SET entries = 0",
        "DELETE FROM audit_mark",
        "UPDATE audit_mark SET mark = ''",
        "TRUNCATE audit_mark",
        "INSERT INTO audit_seal (day) VALUES ((now() AT TIME ZONE 'UTC')::date)",
    ],
)
def test_the_log_is_only_added_to_whoever_tries(statement: str) -> None:
    record(2)
    was = [link.hash for link in links()]
    with pytest.raises(DBAPIError) as refused, db.transaction() as session:
        session.execute(text(statement))
    assert getattr(refused.value.orig, "sqlstate", None) == "AZ002"
    assert [link.hash for link in links()] == was


@pytest.mark.parametrize(("column", "value"), [("act", "Renamed"), ("via", "pigeon"), ("subject_id", "")])
def test_the_database_knows_the_rules_of_a_row_too(column: str, value: str) -> None:
    values = {"act": "a.b", "via": "job", "subject_id": "x"} | {column: value}
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.execute(
            text(
                "INSERT INTO audit_entry (id, act, subject_kind, subject_id, subject_label, actor_name, via,"
                " request_id, address, why)"
                " VALUES (gen_random_uuid(), :act, 'c', :subject_id, '', '', :via, '', '', '')"
            ),
            values,
        )
