"""The audit log, found by whatever one may know of an entry, page by page in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.core.errors import Invalid, NotFound
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Actor, Subject
from azora_admin.reports.audit_entry import audit_entry
from azora_admin.reports.audit_export import HEADINGS, count_export, export_lines
from azora_admin.reports.audit_log import AuditFilter, AuditLog, list_audit
from azora_admin.reports.audit_search import FOUND
from tests.audited import audited
from tests.identity.audit_days import days_ago, record_on
from tests.pages import market

pytestmark = pytest.mark.usefixtures("database")

KEY = UUID("0190ffff-0000-7000-8000-00000000000f")
ROOT = Actor(None, "root", "command", "", "")


def act_by(actor: Actor, act: str, subject: Subject) -> None:
    with db.transaction() as session:
        audit.record(session, actor, act=act, subject=subject, before={"n": 1}, after={"n": 2}, why="=1+1")


@pytest.fixture
def amara(database: db.Database) -> PersonId:
    """Amara changed Elena, Elena bought a course with a key, and somebody at the machine tried mails again."""
    amara = market.add_person("amara@market.test", "Amara Chi Nwosu", "admin")
    elena = market.add_person("elena.kovacs@market.test", "Elena Kovacs", "learner")
    act_by(
        Actor(amara, "Amara Chi Nwosu", "page", "req_amara001", "192.0.2.1"),
        "person.roles_changed",
        Subject("person", str(elena), "elena.kovacs@market.test"),
    )
    act_by(
        Actor(elena, "Elena Kovacs", "api", "req_elena001", "192.0.2.2", KEY),
        "payment.ordered",
        Subject("payment", str(new_id()), "Watercolour for beginners"),
    )
    act_by(ROOT, "mail.retried", Subject("mail", "parked"))
    return amara


def found(wanted: AuditFilter, limit: int = 25) -> AuditLog:
    with db.snapshot() as session:
        return list_audit(session, wanted, limit=limit, cursor=None)


def acts(wanted: AuditFilter) -> list[str]:
    return [row.act for row in found(wanted).page.items]


ROLES, ORDER, MAIL = "person.roles_changed", "payment.ordered", "mail.retried"
SAID = {
    "Nwosu": [ROLES],
    "amara chi": [ROLES],
    "AMARA@": [ROLES],
    "kovacs": [ORDER, ROLES],
    "elena.kovacs@market.test": [ORDER, ROLES],
    "watercolour for": [ORDER],
    "Watercolour": [ORDER],
    "beginners": [],
    "root": [MAIL],
    "roo": [MAIL],
    "oot": [],
    "retried": [MAIL],
    "roles changed": [ROLES],
    "person.roles": [ROLES],
    "e": [MAIL, ORDER, ROLES],
    "req_elena001": [ORDER],
    "req_elena": [],
    "192.0.2.1": [ROLES],
    "192.0.2": [],
    "parked": [MAIL],
    str(KEY): [ORDER],
    KEY.hex: [ORDER],
    "%": [],
    "_": [],
    "'": [],
    "\U0010ffff": [],
    "nobody": [],
}


@pytest.mark.parametrize("said", SAID)
@pytest.mark.usefixtures("amara")
def test_a_text_finds_what_it_may_mean_newest_first(said: str) -> None:
    assert acts(AuditFilter(said)) == SAID[said]


def test_an_entry_is_found_by_its_id_its_actor_and_its_subject(amara: PersonId) -> None:
    mail = audited("mail.retried")[0]
    changed = audited(ROLES)[0]
    assert acts(AuditFilter(str(mail.id))) == [MAIL]
    assert acts(AuditFilter(str(amara))) == [ROLES]
    assert acts(AuditFilter(changed.subject_id)) == [ORDER, ROLES]


@pytest.mark.usefixtures("amara")
def test_filters_narrow_alone_together_and_with_a_text() -> None:
    elena = audited(ORDER)[0].actor_id
    subject = audited(ROLES)[0].subject_id
    assert acts(AuditFilter(act=ORDER)) == [ORDER]
    assert acts(AuditFilter(via="command")) == [MAIL]
    assert acts(AuditFilter(via="page")) == [ROLES]
    assert acts(AuditFilter(actor_id=elena)) == [ORDER]
    assert acts(AuditFilter(subject_kind="person", subject_id=subject)) == [ROLES]
    assert acts(AuditFilter(subject_kind="payment", subject_id=subject)) == []
    assert acts(AuditFilter("kovacs", act=ROLES)) == [ROLES]
    assert acts(AuditFilter("kovacs", via="api", actor_id=elena)) == [ORDER]
    assert acts(AuditFilter("kovacs", via="job")) == []


def test_days_are_whole_days_and_both_within() -> None:
    for days in (4, 3, 2, 1):
        record_on(days_ago(days))
    found_on = [
        row.recorded_at.date()
        for row in found(AuditFilter(first_on=days_ago(3), last_on=days_ago(2))).page.items
    ]
    assert found_on == [days_ago(2), days_ago(3)]
    assert len(found(AuditFilter("renamed", last_on=days_ago(2))).page.items) == 3


@pytest.mark.usefixtures("amara")
def test_every_act_of_the_log_is_offered() -> None:
    assert list(found(AuditFilter()).acts) == [MAIL, ORDER, ROLES]
    assert list(found(AuditFilter(act="no.such")).acts) == [MAIL, ORDER, ROLES]


def walk(wanted: AuditFilter, limit: int) -> Iterator[list[UUID]]:
    cursor = None
    while True:
        with db.snapshot() as session:
            page = list_audit(session, wanted, limit=limit, cursor=cursor).page
        yield [row.id for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return


@pytest.mark.parametrize(
    "wanted", [AuditFilter(), AuditFilter("course.renamed"), AuditFilter("req_1")], ids=str
)
def test_pages_are_walked_there_and_back_without_a_gap_or_a_double(wanted: AuditFilter) -> None:
    # All at the very same moment: the id alone decides the order.
    record_on(days_ago(1), 9, chain_turns=2)
    there = list(walk(wanted, 4))
    everything = [one for page in there for one in page]
    assert len(everything) == len(set(everything)) == (2 if wanted.text == "req_1" else 18)
    with db.snapshot() as session:
        cursor = None
        for _ in there[:-1]:
            cursor = list_audit(session, wanted, limit=4, cursor=cursor).page.next_cursor
        back = list_audit(session, wanted, limit=4, cursor=cursor).page.previous_cursor
        if len(there) > 1:
            before = list_audit(session, wanted, limit=4, cursor=back).page
            assert [row.id for row in before.items] == there[-2]


def test_a_text_that_begins_many_names_says_that_not_all_were_looked_for() -> None:
    for number in range(FOUND + 1):
        act_by(Actor(None, f"Robot {number:02}", "job", "", ""), "a.b", Subject("thing", str(number)))
    some = found(AuditFilter("robot"))
    assert (some.has_more, len(some.page.items)) == (True, FOUND)
    fewer = found(AuditFilter("robot 0"))
    assert (fewer.has_more, len(fewer.page.items)) == (False, FOUND)


def test_an_entry_tells_its_place_and_what_it_is_bound_to() -> None:
    record_on(days_ago(1), 2)
    with db.reading() as session:
        links = session.execute(
            text("SELECT entry_id, encode(hash, 'hex') FROM audit_link ORDER BY number")
        ).all()
    with db.snapshot() as session:
        first, second = (audit_entry(session, link[0]) for link in links)
    assert first.place is not None
    assert second.place is not None
    assert (first.place.number, first.place.previous, first.place.sealed_at) == (1, None, None)
    assert (second.place.number, second.place.previous, second.place.hash) == (2, links[0][1], links[1][1])
    assert [change.field for change in first.changes] == ["n"]


def test_what_is_not_there_is_not_found() -> None:
    with db.snapshot() as session, pytest.raises(NotFound):
        audit_entry(session, new_id())


@pytest.mark.usefixtures("amara")
def test_an_export_has_every_column_of_every_entry_that_a_filter_finds() -> None:
    with db.snapshot() as session:
        everything = list(export_lines(session, AuditFilter()))
        some = list(export_lines(session, AuditFilter("kovacs")))
        counts = [count_export(session, wanted) for wanted in (AuditFilter(), AuditFilter("kovacs"))]
    assert [line[1] for line in everything] == [MAIL, ORDER, ROLES]
    assert [line[1] for line in some] == [ORDER, ROLES]
    assert counts == [3, 2]
    line = dict(zip(HEADINGS, some[0], strict=True))
    entry = audited(ORDER)[0]
    assert line["recorded_at"] == f"{entry.recorded_at:%Y-%m-%dT%H:%M:%S.%f}Z"
    assert (line["key_id"], line["before"], line["after"]) == (str(KEY), '{"n":1}', '{"n":2}')
    assert len(str(line["hash"])) == 64


def test_an_export_of_too_many_is_refused_before_it_begins() -> None:
    record_on(days_ago(1), 4)
    with db.snapshot() as session:
        assert count_export(session, AuditFilter(), most=4) == 4
        with pytest.raises(Invalid) as refused:
            count_export(session, AuditFilter(), most=3)
    assert refused.value.errors[0].message == (
        "These are more than 3 entries, the most that fit into one file: choose fewer days."
    )


def test_an_export_is_read_through_a_cursor_of_the_server() -> None:
    record_on(days_ago(1), 2000)
    with db.snapshot() as session:
        lines = export_lines(session, AuditFilter())
        next(lines)
        open_cursors = session.connection().exec_driver_sql("SELECT count(*) FROM pg_cursors").scalar_one()
        rest = sum(1 for _ in lines)
    assert (open_cursors, rest) == (1, 1999)


def test_a_person_s_entries_are_found_though_others_come_between() -> None:
    elena = market.add_person("elena@market.test", "Elena Kovacs", "learner")
    busy = Actor(PersonId(new_id()), "Somebody", "api", "", "")
    subject = Subject("person", str(elena))
    act_by(Actor(elena, "Elena Kovacs", "page", "", ""), "person.signed_in", subject)
    for _ in range(30):
        act_by(busy, "payment.ordered", Subject("payment", "p"))
    assert acts(AuditFilter("kovacs")) == ["person.signed_in"]
    assert found(AuditFilter("kovacs")).page.next_cursor is None
    assert timedelta(0) <= found(AuditFilter()).page.items[0].recorded_at - audited()[0].recorded_at
