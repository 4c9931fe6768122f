"""What the database itself holds of documents: numbers without gaps, and nothing changed or taken away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from azora_admin.core import clock, db
from azora_admin.core.config import Settings
from azora_admin.core.ids import DocumentId, PaymentId, new_id
from azora_admin.payments.actions.documents import write_receipt
from azora_admin.payments.queries import get_document
from azora_admin.payments.rules.documents import Buyer
from azora_admin.reports.verification import prove_sales
from tests.selling import Shop

THREADS = 50
_BUYER = Buyer("Mara Okonkwo", "mara@example.com")
_AT = datetime(2026, 7, 1, tzinfo=UTC)


class Fails(Exception):
    """Something went wrong before the commit."""


@pytest.fixture
def wide(database: db.Database, settings: Settings) -> Iterator[db.Database]:
    """The database with a connection for every thread."""
    engine = db.make_engine(settings.database_url, pool_size=THREADS)
    yield db.use(db.Database(engine, database.single_writer, database.reader))
    engine.dispose()
    db.use(database)


def paid(payer: object, count: int) -> list[PaymentId]:
    """Payments that were settled and have no receipt."""
    ids = [PaymentId(new_id()) for _ in range(count)]
    with db.transaction() as session:
        session.execute(
            text(
                "INSERT INTO payment (id, payer_id, amount_minor, currency, status, description, created_at,"
                " changed_at, settled_at, ask_count, refunded_minor)"
                " SELECT unnest(CAST(:ids AS uuid[])), :payer, 4900, 'usd',"
                " 'completed', 'Sorting', now(), now(), now(), 0, 0"
            ),
            {"ids": ids, "payer": payer},
        )
    return ids


def give(payment_id: PaymentId) -> DocumentId:
    with db.transaction() as session:
        written = write_receipt(session, payment_id, buyer=_BUYER, paid_at=_AT)
    assert written is not None
    return written.id


def number_of(document_id: DocumentId) -> str:
    with db.reading() as session:
        return get_document(session, document_id).number


def numbers() -> list[int]:
    with db.reading() as session:
        return list(session.scalars(text("SELECT number FROM document ORDER BY number")))


def faults() -> set[str]:
    with db.snapshot() as session:
        found = {one.code for one in prove_sales(session)}
    return found - {"sale_without_entry", "history_differs"}  # of the raw payments


def test_fifty_threads_with_failures_in_between_leave_no_gap(shop: Shop, wide: db.Database) -> None:
    """A third fails before its commit, a third at it, when its document has had its number already."""
    payments = paid(shop.person().person_id, THREADS * 3)
    together = threading.Barrier(THREADS, timeout=30)

    def issue(part: list[PaymentId]) -> int:
        together.wait()
        return sum(_tried(payment_id, number % 3) for number, payment_id in enumerate(part))

    with ThreadPoolExecutor(THREADS) as threads:
        written = sum(threads.map(issue, [payments[at : at + 3] for at in range(0, len(payments), 3)]))
    assert written == THREADS
    assert numbers() == list(range(1, THREADS + 1))
    assert "series_with_gap" not in faults()


def _tried(payment_id: PaymentId, way: int) -> int:
    try:
        with db.transaction() as session:
            write_receipt(session, payment_id, buyer=_BUYER, paid_at=_AT)
            if way == 1:
                raise Fails
            if way == 2:
                _break_the_commit(session)
    except (Fails, DBAPIError):
        assert way
        return 0
    assert way == 0
    return 1


def _break_the_commit(session: object) -> None:
    """An entry without legs: refused by a check at the commit, after the number was given."""
    session.execute(  # type: ignore[attr-defined]
        text(
            "INSERT INTO ledger_entry (id, kind, reference, cause, rule_version, occurred_at, legs_hash)"
            " VALUES (:id, 'sale', :reference, 'test', 'test', now(), '')"
        ),
        {"id": new_id(), "reference": str(new_id())},
    )


def test_numbers_are_given_at_the_commit_and_not_taken(shop: Shop) -> None:
    (payment_id,) = paid(shop.person().person_id, 1)
    with db.transaction() as session:
        written = write_receipt(session, payment_id, buyer=_BUYER, paid_at=_AT)
        assert session.scalar(text("SELECT number FROM document")) is None
    assert written is not None
    assert number_of(written.id) == f"R-{clock.now().year}-000001"


def test_a_transaction_that_waits_before_its_commit_lets_others_by(shop: Shop, wide: db.Database) -> None:
    slow, fast = paid(shop.person().person_id, 2)
    with db.transaction() as session:
        written = write_receipt(session, slow, buyer=_BUYER, paid_at=_AT)
        with ThreadPoolExecutor(1) as thread:
            first = thread.submit(give, fast).result(timeout=5)
    assert written is not None
    assert [number_of(one)[-1] for one in (first, written.id)] == ["1", "2"]


def test_a_payment_has_one_receipt_whoever_asks_twice(shop: Shop) -> None:
    (payment_id,) = paid(shop.person().person_id, 1)
    give(payment_id)
    with db.transaction() as session:
        assert write_receipt(session, payment_id, buyer=_BUYER, paid_at=_AT) is None
    assert numbers() == [1]


def test_each_year_begins_at_one(shop: Shop) -> None:
    first, second = paid(shop.person().person_id, 2)
    for payment_id, year, expected in ((first, 2026, "R-2026-000001"), (second, 2027, "R-2027-000001")):
        with clock.use(clock.FixedClock(datetime(year, 6, 1, tzinfo=UTC))):
            assert number_of(give(payment_id)) == expected


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE document SET total_minor = 1",
        "UPDATE document SET number = 7",
        "DELETE FROM document",
        "TRUNCATE document CASCADE",
        "UPDATE document_series SET last_number = 0",
        "INSERT INTO document_series VALUES ('azora', 'R-1999', 4)",
        "DELETE FROM document_series",
    ],
)
def test_nothing_is_changed_or_taken_away(shop: Shop, statement: str) -> None:
    give(*paid(shop.person().person_id, 1))
    with pytest.raises(DBAPIError, match="only added to"), db.transaction() as session:
        session.execute(text(statement))


def test_what_a_receipt_says_stays_whatever_changes_since(shop: Shop) -> None:
    person = shop.person()
    document_id = give(*paid(person.person_id, 1))
    with db.reading() as session:
        before = get_document(session, document_id)
    with db.transaction() as session:
        session.execute(text("UPDATE person SET name = 'Another', email = 'another@example.com'"))
        session.execute(text("UPDATE payment SET description = 'Another', method_brand = 'amex'"))
        session.execute(text("UPDATE seller SET name = 'Another', address = 'Elsewhere'"))
    with db.reading() as session:
        assert get_document(session, document_id) == before
    assert before.content.buyer == _BUYER
    assert replace(before.content.seller, email="") == replace(before.content.seller, name="Azora", email="")


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE document SET number = 3", "series_with_gap"),
        ("DELETE FROM document_series", "series_with_gap"),
        ("DELETE FROM document", "receipt_differs"),
        ("UPDATE document SET total_minor = 4800", "receipt_differs"),
        ("UPDATE document SET total_minor = 4800", "lines_of_another_sum"),
        ("UPDATE document SET number = NULL", "document_without_number"),
    ],
)
def test_verify_finds_what_was_done_past_the_law(shop: Shop, statement: str, code: str) -> None:
    give(*paid(shop.person().person_id, 1))
    assert faults() == set()
    with db.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text(statement))
    assert code in faults()
