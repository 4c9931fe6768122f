"""The staff's pages show what the reports found, for a browser with script and without."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import PersonId, new_id
from azora_admin.ledger.queries.entries import entries_for_reference
from tests.pages import market
from tests.pages.conftest import Browser

HTMX = {"HX-Request": "true"}


@pytest.fixture
def staff(browser: Browser, test_clock: FixedClock) -> FlaskClient:
    """Somebody of the staff, signed in."""
    market.add_person("amara@market.test", "Amara Nwosu", "admin")
    return browser("amara@market.test")


@pytest.fixture
def teacher(staff: FlaskClient) -> PersonId:
    """Somebody whose courses are bought."""
    return market.add_person("priya@market.test", "Priya Raman", "instructor")


def test_an_empty_overview_says_so_and_that_all_is_well(staff: FlaskClient) -> None:
    page = staff.get("/admin/").text
    assert "No payments yet" in page
    assert "Nothing waits for a person." in page
    assert "$0.00" in page


def test_the_overview_shows_figures_and_leads_to_what_needs_a_person(
    staff: FlaskClient, teacher: PersonId, test_clock: FixedClock
) -> None:
    course = market.add_course("Rust for Embedded Linux", teacher, 4900)
    one, two = market.add_learners(range(2))
    market.pay(one, course)
    market.order(two, course, sent=False)
    test_clock.advance(timedelta(minutes=10))
    page = staff.get("/admin/").text
    assert '<dd class="kpi-v">$49.00</dd>' in page
    assert '<a href="/admin/payments?status=unknown">1 payment has no answer from Stripe</a>' in page
    assert "Last 28 days" in page
    assert "Last 7 days" in staff.get("/admin/?days=7").text
    assert 'hx-get="/admin/?days=7"' in staff.get("/admin/?days=7").text
    assert "Last 28 days" in staff.get("/admin/?days=9999").text


def test_htmx_gets_the_overviews_live_part_alone(staff: FlaskClient) -> None:
    part = staff.get("/admin/", headers={**HTMX, "HX-Target": "figures"}).text
    assert part.lstrip().startswith('<div class="stack" id="figures"')
    assert "<h1>" not in part


def test_a_list_without_payments_says_that_there_are_none_yet(staff: FlaskClient) -> None:
    assert "No payments yet" in staff.get("/admin/payments").text


def test_a_search_without_a_match_says_what_was_searched_and_offers_to_clear_it(staff: FlaskClient) -> None:
    page = staff.get("/admin/payments?q=<b>kovaks").text
    assert "No payments match “&lt;b&gt;kovaks”" in page
    assert '<a class="btn" href="/admin/payments">Clear filters</a>' in page


def test_the_address_holds_every_filter_and_each_can_be_taken_away(
    staff: FlaskClient, teacher: PersonId
) -> None:
    page = staff.get("/admin/payments?q=rust&status=failed&dates=7d").text
    assert 'href="/admin/payments?q=rust&amp;status=failed"' in page
    assert 'href="/admin/payments?q=rust&amp;dates=7d"' in page
    assert "Date <b>Last 7 days</b>" in page
    assert "Status <b>Failed</b>" in page
    between = staff.get("/admin/payments?from=2026-06-01&to=2026-06-30&dates=own").text
    assert "Date <b>1 Jun – 30 Jun</b>" in between


@pytest.mark.parametrize("query", ["status=nonsense", "dates=nonsense", "from=not-a-day", "days=x", "q=%00"])
def test_a_filter_that_means_nothing_filters_nothing(
    staff: FlaskClient, teacher: PersonId, query: str
) -> None:
    (learner,) = market.add_learners([1])
    market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 4900))
    answer = staff.get(f"/admin/payments?{query}")
    assert answer.status_code == 200
    assert "learner1@market.test" in answer.text


def test_htmx_gets_results_tabs_and_chips_and_the_canonical_address(
    staff: FlaskClient, teacher: PersonId
) -> None:
    (learner,) = market.add_learners([1])
    market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 4900))
    answer = staff.get(
        "/admin/payments?q=&status=completed&from=&to=&dates=", headers={**HTMX, "HX-Target": "results"}
    )
    assert answer.headers["HX-Push-Url"] == "/admin/payments?status=completed"
    assert answer.text.lstrip().startswith('<div id="results">')
    assert 'id="payment-tabs" aria-label="Payments by status" hx-swap-oob="morph"' in answer.text
    assert 'id="chips" hx-swap-oob="true"' in answer.text
    assert "<!doctype" not in answer.text


def test_pages_of_a_list_lead_on_and_back(
    staff: FlaskClient, teacher: PersonId, test_clock: FixedClock
) -> None:
    course = market.add_course("Rust for Embedded Linux", teacher, 4900)
    for learner in market.add_learners(range(30)):
        market.order(learner, course)
        test_clock.advance(timedelta(minutes=1))
    first = staff.get("/admin/payments").text
    assert "25 of 30" in first
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward
    second = staff.get(onward[1]).text
    assert "5 of 30" in second
    back = re.search(r'rel="prev" href="([^"]+)"', second)
    assert back
    assert "learner29@market.test" in staff.get(back[1]).text


def test_a_cursor_that_is_not_ours_is_refused(staff: FlaskClient) -> None:
    assert staff.get("/admin/payments?after=AAAA").status_code == 422


def test_a_payment_leads_each_amount_to_the_entry_that_explains_it(
    staff: FlaskClient, teacher: PersonId
) -> None:
    (learner,) = market.add_learners([1])
    payment = market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 4900), event="evt_1")
    with db.reading() as session:
        sale, fee = entries_for_reference(session, [str(payment)])
    page = staff.get(f"/admin/payments/{payment}").text
    for entry, amount in ((sale, "$34.30"), (sale, "$14.70"), (fee, "−$1.72")):
        assert (
            f'<a class="explain" href="/admin/entries/{entry.id}" title="Explain this number">{amount}</a>'
            in page
        )
    explained = staff.get(f"/admin/entries/{sale.id}").text
    for part in ("split/1", "evt_1", "stripe:balance", "Owed to Priya Raman", str(payment), "+$34.30"):
        assert part in explained


def test_a_payment_that_may_change_asks_again_and_a_finished_one_does_not(
    staff: FlaskClient, teacher: PersonId
) -> None:
    course = market.add_course("Rust for Embedded Linux", teacher, 4900)
    one, two = market.add_learners(range(2))
    assert 'hx-trigger="every 3s"' in staff.get(f"/admin/payments/{market.order(one, course)}").text
    assert (
        'hx-trigger="every'
        not in staff.get(f"/admin/payments/{market.pay(two, course)}").text.split('id="story"')[1]
    )


@pytest.mark.parametrize("path", ["/admin/payments/{id}", "/admin/entries/{id}", "/admin/payments/not-an-id"])
def test_what_is_not_there_is_a_404_page(staff: FlaskClient, path: str) -> None:
    answer = staff.get(path.format(id=new_id()))
    assert answer.status_code == 404
    assert "Reference" in answer.text


def test_events_are_told_by_what_became_of_them(staff: FlaskClient) -> None:
    assert "No events yet" in staff.get("/admin/events").text
    assert "No events in this state" in staff.get("/admin/events?state=parked").text


def test_names_and_titles_of_people_can_not_become_markup(staff: FlaskClient, teacher: PersonId) -> None:
    nasty = market.add_person("nasty@market.test", '<script>alert("x")</script>', "learner")
    payment = market.pay(nasty, market.add_course("<img src=x onerror=alert(1)>", teacher, 4900))
    for path in ("/admin/", "/admin/payments", f"/admin/payments/{payment}"):
        page = staff.get(path).text
        assert "<script>alert" not in page
        assert "<img" not in page


@pytest.mark.parametrize(
    "query", ["to=9999-12-31", "from=9999-12-31", "q=1,000,000,000,000,000,000,000", "q=%00", "after=x"]
)
def test_whatever_stands_in_the_address_is_no_fault_of_ours(staff: FlaskClient, query: str) -> None:
    assert staff.get(f"/admin/payments?{query}").status_code < 500


def test_a_made_up_address_of_the_page_before_is_ignored(client: FlaskClient) -> None:
    answer = client.get("/admin/", headers={**HTMX, "HX-Current-URL": "http://["})
    assert answer.status_code < 500
