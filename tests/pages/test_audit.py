"""The audit log on pages: found by its address, read entry by entry, taken away as a file."""

from __future__ import annotations

import csv
import io
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from azora_admin.core import db
from azora_admin.core.ids import PersonId, new_id
from azora_admin.core.money import Money
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Actor, Subject
from azora_admin.reports.audit_export import HEADINGS
from tests.audited import audited
from tests.identity.audit_days import days_ago, record_on
from tests.pages import market
from tests.pages.conftest import Browser, Counted, form_token

ADMIN = "amara@market.test"
HTMX = {"HX-Request": "true", "HX-Target": "results"}


@pytest.fixture
def staff(browser: Browser) -> FlaskClient:
    market.add_person(ADMIN, "Amara Nwosu", "admin")
    return browser(ADMIN)


def change(name: str = "Elena Kovacs", *, why: str = "") -> str:
    """Somebody's roles, price and note change. The entry's id."""
    person_id = PersonId(new_id())
    with db.transaction() as session:
        audit.record(
            session,
            Actor(person_id, name, "page", "req_12345678", "192.0.2.1"),
            act="person.roles_changed",
            subject=Subject("person", str(person_id), name),
            before={"roles": ["learner"], "price": Money(4900, "usd"), "note": "old"},
            after={"roles": ["learner", "support"], "price": Money(4900, "usd")},
            why=why,
        )
    return str(audited("person.roles_changed")[-1].id)


def test_the_list_shows_who_changed_what(staff: FlaskClient) -> None:
    entry_id = change()
    page = staff.get("/admin/audit").text
    assert f'id="audit-{entry_id}"' in page
    assert "Person roles changed" in page
    assert "Elena Kovacs" in page
    assert page.index("Person roles changed</a>") < page.index("Person signed in</a>")


def test_a_search_answers_htmx_with_what_changes_and_the_address(staff: FlaskClient) -> None:
    change()
    answer = staff.get("/admin/audit?q=roles&act=&via=&dates=&from=&to=", headers=HTMX)
    assert answer.headers["HX-Push-Url"] == "/admin/audit?q=roles"
    assert answer.text.lstrip().startswith('<div id="results">')
    assert 'id="chips" hx-swap-oob="true"' in answer.text
    assert 'id="export"' in answer.text
    assert '<input type="hidden" name="q" value="roles">' in answer.text
    assert "Person signed in</a>" not in answer.text


def test_filters_of_a_link_stay_while_one_searches_on(staff: FlaskClient) -> None:
    change()
    actor_id = audited("person.roles_changed")[0].actor_id
    page = staff.get(f"/admin/audit?actor={actor_id}&kind=person&subject={actor_id}&q=roles").text
    for name in ("actor", "subject"):
        assert f'<input type="hidden" name="{name}" value="{actor_id}">' in page
    assert "By <b>Elena Kovacs</b>" in page
    assert "About <b>Elena Kovacs</b>" in page


@pytest.mark.parametrize(
    "query",
    [
        "actor=nobody",
        "act=DROP",
        "via=pigeon",
        "kind=A%20B",
        "dates=never",
        "from=x&to=2026-13-01",
        "q=%00%0A",
        "after=",
        "act=" + "a" * 500,
    ],
)
def test_what_is_no_filter_narrows_nothing(staff: FlaskClient, query: str) -> None:
    change()
    page = staff.get(f"/admin/audit?{query}").text
    assert "Person roles changed</a>" in page
    assert "Clear all" not in page


def test_a_cursor_that_we_did_not_make_is_refused(staff: FlaskClient) -> None:
    assert staff.get("/admin/audit?after=abc").status_code == 422


def test_pages_lead_on_and_back_with_the_filters(staff: FlaskClient) -> None:
    record_on(days_ago(1), 30)
    first = staff.get("/admin/audit?act=course.renamed").text
    following = unescape(first.split('rel="next" href="', 1)[1].split('"', 1)[0])
    second = staff.get(following).text
    assert "act=course.renamed" in following
    assert (first.count('id="audit-'), second.count('id="audit-')) == (25, 5)
    back = unescape(second.split('rel="prev" href="', 1)[1].split('"', 1)[0])
    assert staff.get(back).text.count('id="audit-') == 25


def test_nothing_yet_and_nothing_found_are_told_apart(staff: FlaskClient) -> None:
    assert "Nothing matches “&lt;zzz&gt;”" in staff.get("/admin/audit?q=<zzz>").text
    assert "Nothing matches these filters" in staff.get("/admin/audit?act=no.such").text


def test_an_entry_shows_before_and_after_with_sign_and_word(staff: FlaskClient) -> None:
    page = staff.get(f"/admin/audit/{change(why='Ticket 4711')}").text
    assert "<strong>Why</strong>" in page
    assert "Ticket 4711" in page
    gained = (
        '<ins><span class="diff-sign" aria-hidden="true">+</span><span class="sr">after: </span><span>support'
    )
    lost = '<del><span class="diff-sign" aria-hidden="true">−</span><span class="sr">before: </span><span>old'
    assert gained in page
    assert lost in page
    assert '<span class="sr">unchanged: </span><span>$49.00' in page
    assert "192.0.2.1" in page
    assert "in chain" in page


def test_what_somebody_entered_stays_a_text(staff: FlaskClient) -> None:
    entry_id = change("<script>alert(1)</script>", why="<img src=x>")
    for path in ("/admin/audit", f"/admin/audit/{entry_id}"):
        page = staff.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x>" not in page
        assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize("entry_id", ["x", "00000000-0000-0000-0000-000000000000"])
def test_an_entry_that_is_not_there_is_404(staff: FlaskClient, entry_id: str) -> None:
    assert staff.get(f"/admin/audit/{entry_id}").status_code == 404


def test_support_is_neither_let_in_nor_led_there(browser: Browser) -> None:
    market.add_person("sam@market.test", "Sam Support", "support")
    sam = browser("sam@market.test")
    assert "/admin/audit" not in sam.get("/admin/").text
    assert sam.get("/admin/audit").status_code == 403
    assert sam.get(f"/admin/audit/{change()}").status_code == 403
    token = form_token(sam.get("/admin/").text)
    assert sam.post("/admin/audit/export", data={"csrf_token": token}).status_code == 403


def test_a_person_s_page_leads_to_their_entries_for_whoever_may_see_them(
    staff: FlaskClient, browser: Browser
) -> None:
    elena = market.add_person("elena@market.test", "Elena Kovacs", "learner")
    market.add_person("sam@market.test", "Sam Support", "support")
    links = f"/admin/audit?actor={elena}", f"/admin/audit?kind=person&subject={elena}"
    shown = unescape(staff.get(f"/admin/people/{elena}").text)
    assert all(f'href="{link}"' in shown for link in links)
    assert "/admin/audit" not in browser("sam@market.test").get(f"/admin/people/{elena}").text


def export(client: FlaskClient, *, read: bool = True, **fields: str) -> TestResponse:
    """An export, read to its end or not yet."""
    token = form_token(client.get("/admin/audit").text)
    return client.post("/admin/audit/export", data={"csrf_token": token, **fields}, buffered=read)


def test_an_export_is_a_file_without_formulas_and_is_itself_recorded(staff: FlaskClient) -> None:
    change("=HYPERLINK(1)", why="-1+1")
    answer = export(staff, q="roles", act="person.roles_changed")
    lines = list(csv.reader(io.StringIO(answer.get_data().decode("utf-8-sig"), newline="")))
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="audit-')
    assert lines[0] == list(HEADINGS)
    (line,) = (dict(zip(HEADINGS, line, strict=True)) for line in lines[1:])
    assert (line["actor_name"], line["subject_label"], line["why"]) == (
        "'=HYPERLINK(1)",
        "'=HYPERLINK(1)",
        "'-1+1",
    )
    (entry,) = audited("audit.exported")
    assert entry.actor_name == "Amara Nwosu"
    assert entry.after == {"count": 1, "filters": {"act": "person.roles_changed", "q": "roles"}}


def test_an_export_without_the_form_s_token_is_refused(staff: FlaskClient) -> None:
    assert staff.post("/admin/audit/export").status_code in (400, 403, 419)
    assert audited("audit.exported") == []


def test_a_third_export_waits_until_one_of_two_is_through(staff: FlaskClient) -> None:
    record_on(days_ago(1), 600)
    first, second = export(staff, read=False), export(staff, read=False)
    assert (first.status_code, second.status_code) == (200, 200)
    assert export(staff).status_code == 409
    first.close()
    assert export(staff).status_code == 200
    second.close()
    assert len(audited("audit.exported")) == 3


@pytest.mark.parametrize(
    "path", ["/admin/audit", "/admin/audit?q=e", "/admin/audit?q=ticket&dates=7d", "{entry}"]
)
def test_a_page_costs_the_same_statements_with_more_entries(
    staff: FlaskClient, statements: Counted, path: str
) -> None:
    path = path.format(entry=f"/admin/audit/{change()}")
    staff.get(path)
    with statements() as few:
        assert staff.get(path).status_code == 200
    record_on(days_ago(2), 60)
    for number in range(12):
        change(f"Elena {number}")
    with statements() as many:
        assert staff.get(path).status_code == 200
    assert len(many) == len(few) <= 5
