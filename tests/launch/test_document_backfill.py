"""The migration that brought documents writes them for what was paid and given back before, in the order of time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.pool import NullPool

from azora_admin.core import db
from azora_admin.launch import migrations
from azora_admin.payments.rules.documents import from_json
from azora_admin.reports import document_verification
from tests.databases import PreparedDatabase

_PAYER = "00000000-0000-7000-8000-00000000000a"
# number, settled (None: not paid), refunds: (settled, ended)
_PAYMENTS: list[tuple[int, str | None, list[tuple[str | None, str | None]]]] = [
    (1, "2026-03-01", []),
    (2, "2025-12-31", [("2026-01-02", None)]),
    (3, None, []),
    (4, "2026-01-01", [("2026-02-01", "2026-02-05"), (None, "2026-03-02"), ("2026-01-03", None)]),
]


@pytest.fixture
def before(migrated_database: PreparedDatabase) -> Iterator[str]:
    """The address of a database as it was before there were documents."""
    with psycopg.connect(migrated_database.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE before_documents")
        url = migrated_database.url.replace("azora_test", "before_documents")
        with db.make_engine(url, pool_size=1, pool=NullPool).connect() as old:
            command.upgrade(migrations._config(old), "0023")
            old.commit()
        yield url
        connection.execute("DROP DATABASE before_documents WITH (FORCE)")


def _fill(connection: Any) -> None:
    connection.execute(
        "INSERT INTO person (id, email, name, password_hash, roles, created_at)"
        " VALUES (%s, 'mara@example.com', 'Mara', 'none', '{learner}', now())",
        [_PAYER],
    )
    for number, settled, refunds in _PAYMENTS:
        payment_id = f"00000000-0000-7000-8000-{number:012}"
        connection.execute(
            "INSERT INTO payment (id, payer_id, amount_minor, currency, status, description, created_at, changed_at,"
            " settled_at, ask_count, refunded_minor, method_brand, method_last4)"
            " VALUES (%s, %s, %s, 'usd', %s, 'Sorting', now(), now(), %s, 0, 0, 'visa', '4242')",
            [payment_id, _PAYER, number * 1000, "completed" if settled else "pending", settled],
        )
        for at, (arrived, ended) in enumerate(refunds):
            connection.execute(
                "INSERT INTO refund (id, payment_id, amount_minor, currency, reason, note, source, state,"
                " stripe_refund_id, attempt, requested_at, reserved_at, sent_at, settled_at, ended_at, failure_reason,"
                " ask_count) VALUES (gen_random_uuid(), %s, 100, 'usd', 'other', '', 'dashboard', %s, %s, 1, now(),"
                " now(), now(), %s, %s, %s, 0)",
                [
                    payment_id,
                    "failed" if ended else "succeeded",
                    f"re_{number}_{at}",
                    arrived,
                    ended,
                    "x" if ended else None,
                ],
            )


def test_old_payments_and_refunds_get_documents_without_a_gap_in_the_order_of_time(before: str) -> None:
    with psycopg.connect(before, autocommit=True) as connection:
        _fill(connection)
    migrations.migrate(before)
    with psycopg.connect(before) as connection:
        found = connection.execute(
            "SELECT d.series, d.number, d.total_minor, r.series || '-' || r.number, d.id::text, d.content::text"
            " FROM document d LEFT JOIN document r ON r.id = d.refers_to ORDER BY d.series, d.number"
        ).fetchall()
        counted = connection.execute("SELECT series, last_number FROM document_series ORDER BY 1").fetchall()
    assert [row[:4] for row in found] == [
        ("CC-2026", 1, 100, "CN-2026-3"),
        ("CN-2026", 1, 100, "R-2025-1"),
        ("CN-2026", 2, 100, "R-2026-1"),
        ("CN-2026", 3, 100, "R-2026-1"),
        ("R-2025", 1, 2000, None),
        ("R-2026", 1, 4000, None),
        ("R-2026", 2, 1000, None),
    ]
    assert counted == [("CC-2026", 1), ("CN-2026", 3), ("R-2025", 1), ("R-2026", 2)]
    assert {row[4][14] for row in found} == {"7"}
    contents = [from_json(json.loads(row[5])) for row in found]
    assert {one.buyer.email for one in contents} == {"mara@example.com"}
    assert [one.lines[0].amount for one in contents] == [row[2] for row in found]
    with db.make_engine(before, pool_size=1, pool=NullPool).connect() as proving:
        for code, _, statement in document_verification.PROOFS:
            assert proving.execute(text(statement)).all() == [], code


def test_what_comes_after_it_goes_on_counting(before: str) -> None:
    with psycopg.connect(before, autocommit=True) as connection:
        _fill(connection)
    migrations.migrate(before)
    with psycopg.connect(before, autocommit=True) as connection:
        connection.execute(
            "UPDATE payment SET status = 'completed', settled_at = now() WHERE settled_at IS NULL"
        )
        connection.execute(
            "INSERT INTO document (id, kind, seller_code, series, payment_id, currency, total_minor, tax_minor,"
            " issued_at, content) SELECT gen_random_uuid(), 'receipt', 'azora', 'R-2026', p.id, 'usd', 3000, 0,"
            " '2026-04-01', '{}'"
            " FROM payment p WHERE p.amount_minor = 3000"
        )
        row = connection.execute("SELECT number FROM document WHERE total_minor = 3000").fetchone()
    assert row == (3,)
