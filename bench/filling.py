"""A million courses and payments in one statement each: made by the database, the same at every run.

Ids are UUIDv7 by form and order (time first); widths and shares of statuses are those of a real marketplace.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql


@dataclass(frozen=True, slots=True)
class Scale:
    """How many rows. The first ``instructors`` people teach, the others buy."""

    courses: int
    payments: int
    instructors: int
    learners: int


# What several parts have to agree on: the id of row ``n`` of its time, and nothing random.
_ID: Final[LiteralString] = """
CREATE OR REPLACE FUNCTION bench_id(at timestamptz, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
          || '8' || substr(md5(n::text), 4, 15))::uuid
$$;
CREATE OR REPLACE FUNCTION bench_person(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT bench_id(timestamptz '2025-01-01 00:00Z' + n * interval '1 second', n)
$$;
CREATE OR REPLACE FUNCTION bench_course(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
  SELECT bench_id(timestamptz '2025-02-01 00:00Z' + n * interval '20 seconds', n)
$$;
"""

_PEOPLE: Final[LiteralString] = """
INSERT INTO person (id, email, name, password_hash, roles, created_at)
SELECT bench_person(n), 'person.' || n || '@example.com', 'Person number ' || n, repeat('x', 97),
       CASE WHEN n < %(instructors)s THEN ARRAY['instructor', 'learner'] ELSE ARRAY['learner'] END,
       timestamptz '2025-01-01 00:00Z' + n * interval '1 second'
  FROM generate_series(0, %(instructors)s + %(learners)s - 1) AS n
"""

_COURSES: Final[LiteralString] = """
INSERT INTO course (id, instructor_id, title, slug, summary, category, level, language, status, price_minor, currency,
                    created_at, published_at, version)
SELECT bench_course(n), bench_person(n %% %(instructors)s),
       (ARRAY['Bookkeeping', 'Portraits in oil', 'Python', 'Watch repair', 'Spanish'])[1 + n %% 5]
         || ' from the beginning, part ' || n,
       'from-the-beginning-part-' || n,
       'What you need, in the order in which you need it: ' || md5(n::text) || md5((n + 1)::text)
         || ' and exercises after every lesson.',
       (ARRAY['business', 'art', 'programming', 'craft', 'language'])[1 + n %% 5],
       (ARRAY['beginner', 'intermediate', 'advanced'])[1 + n %% 3], 'en',
       CASE WHEN n %% 50 = 7 THEN 'archived' ELSE 'published' END,
       990 + n %% 40 * 500, 'usd', at, at + interval '1 hour', 1
  FROM generate_series(0, %(courses)s - 1) AS n,
       LATERAL (SELECT timestamptz '2025-02-01 00:00Z' + n * interval '20 seconds' AS at)
"""

_PAYMENTS: Final[LiteralString] = """
INSERT INTO payment (id, payer_id, course_id, amount_minor, currency, status, description, stripe_payment_intent_id,
                     stripe_charge_id, method_brand, method_last4, failure_code, failure_message, fee_minor,
                     fee_currency, created_at, changed_at, settled_at, ask_count)
SELECT bench_id(at, n), bench_person(%(instructors)s + n %% %(learners)s), bench_course(n %% %(courses)s),
       990 + n %% 40 * 500, 'usd', status, 'Course: from the beginning, part ' || n,
       'pi_3' || lpad(to_hex(n), 9, '0') || substr(md5(n::text), 1, 14),
       CASE WHEN status = 'completed' THEN 'ch_3' || lpad(to_hex(n), 9, '0') || substr(md5(n::text), 1, 14) END,
       'visa', '4242', CASE WHEN status = 'failed' THEN 'card_declined' END,
       CASE WHEN status = 'failed' THEN 'Your card was declined.' END,
       CASE WHEN status = 'completed' THEN 59 + n %% 40 * 15 END, CASE WHEN status = 'completed' THEN 'usd' END,
       at, at, CASE WHEN status = 'completed' THEN at + interval '3 seconds' END, 0
  FROM generate_series(0, %(payments)s - 1) AS n,
       LATERAL (SELECT timestamptz '2025-03-01 00:00Z' + n * interval '21 seconds' AS at,
                       CASE n %% 25 WHEN 0 THEN 'failed' WHEN 1 THEN 'cancelled' ELSE 'completed' END AS status)
"""

# The floor's own inbox: the same columns, checks and indexes, and no job.
_FLOOR: Final[LiteralString] = """
CREATE TABLE floor_inbox_event (LIKE inbox_event INCLUDING ALL)
"""


def fill(url: str, scale: Scale) -> None:
    """Fill the migrated, empty database at ``url``."""
    numbers = {
        "courses": scale.courses,
        "payments": scale.payments,
        "instructors": scale.instructors,
        "learners": scale.learners,
    }
    with psycopg.connect(url) as connection:
        # The rows refer to one another by construction: checking four million foreign keys shows nothing.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        connection.execute(_ID)
        connection.execute(_PEOPLE, numbers)
        with _indexed_afterwards(connection):
            connection.execute(_COURSES, numbers)
            connection.execute(_PAYMENTS, numbers)
        connection.execute(_FLOOR)
    settle(url)


@contextmanager
def _indexed_afterwards(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """Take the indexes of courses and payments away for the block, and make them again from the finished rows."""
    connection.execute("SET maintenance_work_mem = '512MB'")
    found = connection.execute(
        "SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.tablename IN ('course', 'payment')"
        " AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conname = i.indexname)"
    ).fetchall()
    for name, _ in found:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    yield
    for _, definition in found:
        connection.execute(definition)


def settle(url: str) -> None:
    """Have the planner know the tables, and nothing left to be cleaned up or written during a measurement."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def is_filled(url: str, scale: Scale) -> bool:
    """Whether a kept database has these rows already."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT (SELECT count(*) FROM course), (SELECT count(*) FROM payment),"
            " to_regclass('floor_inbox_event') IS NOT NULL"
        ).fetchone()
    return row == (scale.courses, scale.payments, True)
