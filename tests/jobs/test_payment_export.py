"""Payments as a file: the same bytes whoever is killed where, and sums that are the book's."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from azora_admin.core.ids import PaymentId, PersonId
from azora_admin.flows import exporting
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import Actor
from azora_admin.jobs.payment_export import write_export
from azora_admin.payments.actions import exports
from azora_admin.reports.export_control import control_file
from azora_admin.reports.payment_export import ExportView, as_filters, get_export, read_body
from azora_admin.reports.payment_list import PaymentFilter
from tests.eventually import eventually
from tests.pages import market

EVERYTHING = PaymentFilter()
PARTS = 4

pytestmark = pytest.mark.usefixtures("database", "test_clock")


@pytest.fixture
def paid() -> list[PaymentId]:
    """Seven payments, the oldest first: one refunded in part, one whole, one refused."""
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    course = market.add_course("=1+1", teacher, 4900)
    yen = market.add_course("墨絵入門", teacher, 7000, currency="jpy")
    learners = market.add_learners(range(6))
    found = [market.pay(learner, course) for learner in learners[:5]]
    found.append(market.pay(learners[5], yen))
    market.refund_in_dashboard(found[0], 1000)
    market.refund_in_dashboard(found[1], 4900)
    market.refund_in_dashboard(found[2], 900, status="failed")
    found.append(market.refuse(learners[5], course))
    return found


def ask(wanted: PaymentFilter = EVERYTHING) -> UUID:
    person_id = staff()
    with db.transaction() as session:
        person = get_person(session, person_id)
        actor = Actor(person_id, person.name, "page", request_id="req_1", address="")
        return exporting.request_export(session, person, actor, as_filters(wanted))


def staff() -> PersonId:
    with db.reading() as session:
        known = session.scalar(text("SELECT id FROM person WHERE email = 'finance@market.test'"))
    return known or market.add_person("finance@market.test", "Amara Nwosu", "finance")


def file_of(export_id: UUID) -> bytes:
    with db.exact_snapshot() as session:
        return b"".join(read_body(session, export_id))


def lines_of(export_id: UUID) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file_of(export_id).decode("utf-8-sig"), newline="")))


def control(export_id: UUID) -> dict[str, Any]:
    export = view(export_id)
    assert export.file
    told: dict[str, Any] = json.loads(control_file(export, export.file))
    return told


def facts(export_id: UUID) -> tuple[Any, Any]:
    """What the control file says beside whose export it is."""
    told = control(export_id)
    return told["file"], told["totals"]


def view(export_id: UUID) -> ExportView:
    with db.reading() as session:
        return get_export(session, export_id)


def test_each_payment_is_one_line_and_the_sums_are_the_books(paid: Sequence[PaymentId]) -> None:
    export_id = ask()
    write_export(export_id, part_size=2)
    lines = lines_of(export_id)
    assert [line["payment_id"] for line in lines] == [str(one) for one in reversed(paid)]
    part = next(line for line in lines if line["payment_id"] == str(paid[0]))
    assert (part["status"], part["currency"], part["gross"], part["refunded"]) == (
        "partially_refunded",
        "usd",
        "49.00",
        "10.00",
    )
    assert float(part["net"]) == pytest.approx(39 - float(part["fee"]))
    assert part["title"] == "'=1+1"
    assert part["created_at"] == f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"
    refused = lines[0]
    assert (refused["status"], refused["amount"], refused["gross"], refused["fee"]) == (
        "failed",
        "49.00",
        "0.00",
        "",
    )
    whole = next(line for line in lines if line["payment_id"] == str(paid[1]))
    assert whole["net"].startswith("-"), "a number stays a number"
    yen = next(line for line in lines if line["currency"] == "jpy")
    assert (yen["gross"], yen["title"]) == ("7000", "墨絵入門")
    export = view(export_id)
    assert (export.state, export.lines, export.parts, export.parts_written) == ("ready", 7, PARTS, PARTS)
    assert export.size == len(file_of(export_id))
    assert [(one.currency, one.gross.amount, one.refunded.amount, one.agrees) for one in export.controls] == [
        ("jpy", 7000, 0, True),
        ("usd", 5 * 4900, 1000 + 4900, True),
    ]


def test_the_control_file_says_what_the_csv_is_and_what_proves_it(paid: Sequence[PaymentId]) -> None:
    export_id = ask()
    write_export(export_id, part_size=2)
    told, body, lines = control(export_id), file_of(export_id), lines_of(export_id)
    assert told["file"] == {
        "name": view(export_id).name,
        "sha256": sha256(body).hexdigest(),
        "bytes": len(body),
        "rows": len(lines),
    }
    yen, dollars = told["totals"]
    fees = sum(Decimal(line["fee"] or 0) for line in lines if line["fee_currency"] == "usd")
    assert {
        name: dollars[name] for name in ("currency", "rows", "paid", "gross", "refunded", "fee", "net")
    } == {
        "currency": "usd",
        "rows": 6,
        "paid": 5,
        "gross": "245.00",
        "refunded": "59.00",
        "fee": str(fees),
        "net": str(sum(Decimal(line["net"]) for line in lines if line["currency"] == "usd")),
    }
    assert {(one["proves"], one["entries"], one["account"]): one["sum"] for one in dollars["ledger"]} == {
        ("gross", "sale", "stripe:balance"): "-245.00",
        ("refunded", "refund_reserved", "payment:*:refund_in_flight"): "68.00",
        ("refunded", "refund_failed", "payment:*:refund_in_flight"): "-9.00",
        ("fee", "processing_fee", "stripe:fees"): f"-{fees}",
    }
    assert (yen["gross"], yen["rows"], yen["rows_agree_with_ledger"]) == ("7000", 1, True)
    assert dollars["rows_agree_with_ledger"] is True


def test_an_export_of_nothing_has_a_control_file_too() -> None:
    export_id = ask()
    write_export(export_id)
    told = control(export_id)
    assert (told["file"]["sha256"], told["file"]["rows"]) == (sha256(file_of(export_id)).hexdigest(), 0)
    assert told["totals"] == []


def test_lines_that_the_book_does_not_bear_out_are_told(paid: Sequence[PaymentId]) -> None:
    with db.transaction() as session:
        session.execute(text("UPDATE payment SET fee_minor = fee_minor + 1 WHERE id = :id"), {"id": paid[0]})
    export_id = ask()
    write_export(export_id)
    assert {one.currency: one.agrees for one in view(export_id).controls} == {"jpy": True, "usd": False}


def test_the_filters_are_the_lists_and_no_payment_is_a_file_without_lines(paid: Sequence[PaymentId]) -> None:
    export_id = ask(PaymentFilter(statuses=("partially_refunded", "refunded")))
    write_export(export_id)
    assert {line["payment_id"] for line in lines_of(export_id)} == {str(paid[0]), str(paid[1])}
    nothing = ask(PaymentFilter(text="nobody@nowhere.test"))
    write_export(nothing)
    assert (view(nothing).state, view(nothing).lines, lines_of(nothing)) == ("ready", 0, [])


@pytest.mark.parametrize("killed_at", range(PARTS))
def test_cut_off_at_any_part_it_goes_on_and_the_bytes_are_the_same(
    paid: Sequence[PaymentId], killed_at: int
) -> None:
    whole = ask()
    write_export(whole, part_size=2)
    export_id = ask()
    with db.transaction() as session:
        session.execute(text(_CUT_OFF.format(number=killed_at)))
    try:
        with pytest.raises(DBAPIError):
            write_export(export_id, part_size=2)
    finally:
        with db.transaction() as session:
            session.execute(text("DROP TRIGGER cut_off ON payment_export_part"))
    assert (view(export_id).state, view(export_id).parts_written) == ("running", killed_at)
    # A payment that comes meanwhile is not in it; one that changes is as it was when its part was written, or is now.
    market.pay(market.add_learners([40])[0], market.add_course("Later", staff(), 4900))
    write_export(export_id, part_size=2)
    assert file_of(export_id) == file_of(whole)
    assert facts(export_id) == facts(whole)
    write_export(export_id, part_size=2)
    assert file_of(export_id) == file_of(whole)
    assert facts(export_id) == facts(whole)


def test_cut_off_before_the_control_totals_are_kept_it_makes_them_again(paid: Sequence[PaymentId]) -> None:
    whole = ask()
    write_export(whole, part_size=2)
    export_id = ask()
    with db.transaction() as session:
        session.execute(text(_CUT_OFF_AT_THE_END))
    try:
        with pytest.raises(DBAPIError):
            write_export(export_id, part_size=2)
    finally:
        with db.transaction() as session:
            session.execute(text("DROP TRIGGER cut_off ON payment_export"))
    assert (view(export_id).state, view(export_id).file) == ("running", None)
    write_export(export_id, part_size=2)
    assert facts(export_id) == facts(whole)


def test_a_process_that_was_killed_is_followed_by_another_one(
    paid: Sequence[PaymentId], settings: Settings
) -> None:
    whole = ask()
    write_export(whole, part_size=2)
    export_id = ask()
    with db.transaction() as session:
        session.execute(text(_HELD))
    with psycopg.connect(settings.database_url, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(4711)")
        process = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(export_id)],
            env=os.environ | {"WRITER_DATABASE": settings.database_url},
        )

        def is_held() -> bool:
            waits = (
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted"
            )
            row = holder.execute(waits).fetchone()
            return row == (1,)

        eventually(is_held)
        process.kill()
        process.wait()
    eventually(lambda: _nobody_holds(settings))
    with db.transaction() as session:
        session.execute(text("DROP TRIGGER held ON payment_export_part"))
    assert view(export_id).parts_written == 2
    write_export(export_id, part_size=2)
    assert file_of(export_id) == file_of(whole)
    assert facts(export_id) == facts(whole)


def test_what_nobody_works_on_is_enqueued_again_and_a_file_goes_after_a_week(
    paid: Sequence[PaymentId], test_clock: FixedClock
) -> None:
    export_id = ask()
    with db.transaction() as session:
        assert exporting.take_up_stalled(session) == 0
    test_clock.advance(timedelta(minutes=3))
    with db.transaction() as session:
        assert exporting.take_up_stalled(session) == 1
        assert exporting.take_up_stalled(session) == 0
    write_export(export_id)
    kept = control(export_id)
    test_clock.advance(timedelta(days=7, seconds=1))
    with db.transaction() as session:
        assert exports.expire(session) == 1
    assert (view(export_id).state, lines_of(export_id)) == ("expired", [])
    assert control(export_id) == kept, "the control file stays"


def _nobody_holds(settings: Settings) -> bool:
    with psycopg.connect(settings.database_url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711"
        ).fetchone()
        return row == (0,)


_CUT_OFF = """
CREATE OR REPLACE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
CREATE TRIGGER cut_off AFTER UPDATE ON payment_export_part FOR EACH ROW
  WHEN (NEW.number = {number}) EXECUTE FUNCTION cut_off();
"""
_CUT_OFF_AT_THE_END = """
CREATE OR REPLACE FUNCTION cut_off() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
CREATE TRIGGER cut_off AFTER UPDATE ON payment_export FOR EACH ROW
  WHEN (NEW.state = 'ready') EXECUTE FUNCTION cut_off();
"""
_HELD = """
CREATE OR REPLACE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$;
CREATE TRIGGER held AFTER UPDATE ON payment_export_part FOR EACH ROW
  WHEN (NEW.number = 2) EXECUTE FUNCTION held();
"""
_WRITER = """
import os, sys, uuid
from azora_admin.core import db
from azora_admin.core.config import load_settings
from azora_admin.jobs.payment_export import write_export
db.connect(load_settings({"mode": "demo", "database_url": os.environ["WRITER_DATABASE"]}))
write_export(uuid.UUID(sys.argv[1]), part_size=2)
"""
