"""``azora verify`` finds whatever was done to the audit log, even by somebody whom no trigger stops."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.reports.audit_proof import AuditVerdict, prove_audit
from tests.identity.audit_days import days_ago, record_on
from tests.identity.test_audit_seals import SECRET, seal_all

YESTERDAY = "(now() AT TIME ZONE 'UTC')::date - 1"
TODAY = "(now() AT TIME ZONE 'UTC')::date"
SECOND = f"day = {YESTERDAY} AND number = 2"
LAST = f"day = {YESTERDAY} AND number = 3"
LAST_OF_TODAY = f"day = {TODAY} AND number = 3"
THE_DAY = f"day = {YESTERDAY}"
THE_DAY_BEFORE = f"day = {YESTERDAY} - 1"


def entries_of(links: str) -> str:
    return f"id IN (SELECT entry_id FROM audit_link WHERE {links})"


def without(links: str) -> tuple[str, str]:
    return f"DELETE FROM audit_entry WHERE {entries_of(links)}", f"DELETE FROM audit_link WHERE {links}"


# What somebody did: the statements, and what is found.
DONE: dict[str, tuple[tuple[str, ...], str]] = {
    "an entry is changed": (
        (f"UPDATE audit_entry SET why = 'x' WHERE {entries_of(SECOND)}",),
        "audit_entry_changed",
    ),
    "an entry is dated back": (
        (f"UPDATE audit_entry SET recorded_at = recorded_at - interval '1 us' WHERE {entries_of(SECOND)}",),
        "audit_entry_changed",
    ),
    "a state is written in other words": (
        (f"""UPDATE audit_entry SET after = '{{"n"\\:1}}' WHERE {entries_of(SECOND)}""",),
        "audit_entry_changed",
    ),
    "an entry is taken out of the middle": (without(SECOND)[:1], "audit_entry_missing"),
    "an entry and its link are taken out of the middle": (without(SECOND), "audit_chain_broken"),
    "the last entry of a chain goes": (without(LAST), "audit_head_differs"),
    "the last entry of a chain goes, and its head is set back": (
        (
            *without(LAST),
            (
                "UPDATE audit_head h SET number = 2, hash = l.hash FROM audit_link l"
                f" WHERE (l.day, l.chain) = (h.day, h.chain) AND l.{THE_DAY} AND l.number = 2"
            ),
        ),
        "audit_seal_broken",
    ),
    "the last entry of today goes": (without(LAST_OF_TODAY), "audit_head_differs"),
    "two entries change places": (
        (
            f"UPDATE audit_link SET number = 9 WHERE {SECOND}",
            f"UPDATE audit_link SET number = 2 WHERE {LAST}",
            f"UPDATE audit_link SET number = 3 WHERE {THE_DAY} AND number = 9",
        ),
        "audit_entry_changed",
    ),
    "two entries say what the other one said": (
        (
            f"""UPDATE audit_entry SET subject_id = (5 - subject_id::int)::text
                 WHERE {entries_of(f"{THE_DAY} AND number > 1")}""",
        ),
        "audit_entry_changed",
    ),
    "an entry is slipped in": (
        (
            (
                "INSERT INTO audit_entry SELECT gen_random_uuid(), recorded_at, act, subject_kind, subject_id, '',"
                " NULL, '', NULL, 'job', '', '', '' FROM audit_entry LIMIT 1"
            ),
        ),
        "audit_entry_unlinked",
    ),
    "a whole day goes": (
        (*without(THE_DAY), f"DELETE FROM audit_head WHERE {THE_DAY}"),
        "audit_seal_broken",
    ),
    "a whole day goes, and its seal": (
        (
            *without(THE_DAY_BEFORE),
            *(f"DELETE FROM audit_{table} WHERE {THE_DAY_BEFORE}" for table in ("head", "seal", "mark")),
        ),
        "audit_seal_broken",
    ),
    "a seal is changed": (
        (f"UPDATE audit_seal SET entries = entries + 1 WHERE {THE_DAY}",),
        "audit_seal_broken",
    ),
    "a seal is dated otherwise": (
        (f"UPDATE audit_seal SET sealed_at = sealed_at + interval '1 us' WHERE {THE_DAY}",),
        "audit_seal_broken",
    ),
    "the newest seal goes": (
        (f"DELETE FROM audit_seal WHERE {THE_DAY}", f"DELETE FROM audit_mark WHERE {THE_DAY}"),
        "audit_seal_missing",
    ),
    "a sealed chain is opened again": (
        (f"UPDATE audit_head SET sealed = false WHERE {THE_DAY} AND chain = 3",),
        "audit_seal_broken",
    ),
    "a mark goes": ((f"DELETE FROM audit_mark WHERE {THE_DAY}",), "audit_seal_unmarked"),
    "a mark is changed": (
        (f"UPDATE audit_mark SET mark = sha256(mark) WHERE {THE_DAY}",),
        "audit_mark_differs",
    ),
}
# Everything is computed anew by the law's own functions, as somebody would who owns the database.
REWRITTEN = (
    f"UPDATE audit_entry SET why = 'x' WHERE {entries_of(LAST)}",
    f"""UPDATE audit_link l SET hash = audit_hash(e, l.day, l.chain, l.number, p.hash)
          FROM audit_entry e, audit_link p
         WHERE e.id = l.entry_id AND l.{THE_DAY} AND l.number = 3
           AND (p.day, p.chain) = (l.day, l.chain) AND p.number = 2""",
    f"""UPDATE audit_head h SET hash = l.hash FROM audit_link l
         WHERE (h.day, h.chain) = (l.day, l.chain) AND l.{THE_DAY} AND l.number = 3""",
    f"UPDATE audit_seal SET digest = audit_digest(day) WHERE {THE_DAY}",
    f"UPDATE audit_seal s SET hash = audit_seal_hash(s) WHERE {THE_DAY}",
)
BENT_FUNCTION = """
    CREATE OR REPLACE FUNCTION
      audit_hash(entry audit_entry, day date, chain smallint, number bigint, previous bytea)
    RETURNS bytea LANGUAGE sql STABLE AS $$ SELECT l.hash FROM audit_link l WHERE l.entry_id = entry.id $$
"""


@pytest.fixture(autouse=True)
def three_days(database: db.Database) -> None:
    """Three entries in one chain on each of two sealed days, and three today."""
    for days in (2, 1):
        record_on(days_ago(days), 3)
    assert [sealed.entries for sealed in seal_all()] == [3, 3]
    record_on(days_ago(0), 3)


def bend(*statements: str) -> None:
    """Change what no code and no role may change: with the triggers asleep."""
    with db.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            assert session.execute(text(statement)).rowcount >= 1  # type: ignore[attr-defined]


def verdict(secret_key: str = SECRET) -> AuditVerdict:
    with db.exact_snapshot() as session:
        return prove_audit(session, secret_key=secret_key)


def codes() -> set[str]:
    return {difference.code for difference in verdict().differences}


def test_what_was_recorded_and_sealed_proves_itself() -> None:
    found = verdict()
    assert (list(found.differences), found.foreign) == ([], 0)
    assert found.latest is not None
    assert found.latest.day == days_ago(1)


def test_an_empty_log_proves_itself() -> None:
    bend(*(f"DELETE FROM audit_{table}" for table in ("mark", "seal", "link", "head", "entry")))
    assert verdict() == AuditVerdict([], 0, None)


@pytest.mark.parametrize("what", DONE)
def test_it_is_found_that(what: str) -> None:
    statements, code = DONE[what]
    bend(*statements)
    assert code in codes()


def test_a_history_that_was_computed_anew_lacks_our_mark() -> None:
    bend(*REWRITTEN)
    assert codes() == {"audit_mark_differs"}


def test_a_function_of_the_law_that_was_bent_does_not_hide_what_was_done() -> None:
    bend(*DONE["an entry is changed"][0])
    with db.transaction() as session:
        connection = session.connection()
        was = connection.exec_driver_sql("SELECT pg_get_functiondef('audit_hash'::regproc)").scalar_one()
        connection.exec_driver_sql(BENT_FUNCTION)
    try:
        assert codes() == {"audit_entry_changed"}
    finally:
        with db.transaction() as session:
            session.connection().exec_driver_sql(str(was))


def test_seals_of_another_secret_key_are_counted_and_not_taken_for_proven() -> None:
    found = verdict(SECRET + "!")
    assert (list(found.differences), found.foreign) == ([], 2)


def test_a_difference_says_where() -> None:
    bend(*DONE["an entry is changed"][0])
    (difference,) = verdict().differences
    assert f"of {days_ago(1)}, is not what was recorded." in difference.sentence
