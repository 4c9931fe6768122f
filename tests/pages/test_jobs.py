"""Failed jobs on pages: found by name, object and time; put back once, after a look at what that does, audited."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from azora_admin.core import clock, db
from azora_admin.messaging import calls, outbox
from tests.audited import audited
from tests.failed_jobs import fail
from tests.messaging.events import receive
from tests.pages import market
from tests.pages.conftest import Browser

FINANCE, SUPPORT = "finance@market.test", "support@market.test"
LIST = "/admin/operations/jobs"


@pytest.fixture
def finance(browser: Browser) -> FlaskClient:
    market.add_person(FINANCE, "Amara Nwosu", "finance")
    return browser(FINANCE)


def status(number: int) -> str:
    with db.reading() as session:
        return str(
            session.scalar(text("SELECT status FROM procrastinate_jobs WHERE id = :id"), {"id": number})
        )


def rows(client: FlaskClient, query: str = "") -> list[int]:
    shown = client.get(f"{LIST}{query}", headers={"HX-Request": "true", "HX-Target": "results"})
    assert shown.text.lstrip().startswith('<div id="results">')
    return [int(number) for number in re.findall(r'<tr id="job-(\d+)"', shown.text)]


def retry(client: FlaskClient, number: int, reason: str) -> Any:
    page = client.get(f"{LIST}/{number}").text
    return client.post(f"{LIST}/{number}/retry", data={**hidden(page), "reason": reason})


def hidden(page: str) -> dict[str, str]:
    names = ("csrf_token", "idempotency_key")
    return {name: re.findall(f'name="{name}" value="([^"]+)"', page)[-1] for name in names}


def test_failed_jobs_are_found_by_name_object_and_day_the_last_failure_first(finance: FlaskClient) -> None:
    day = datetime(2026, 11, 26, 12, tzinfo=UTC)
    card = fail(outbox.DETACH_METHOD, '{"method": "pm_1", "tries": "15"}', at=day, times=3)
    payment = fail(outbox.ASK_FOR_PAYMENT, '{"payment_id": "0-1"}', at=day + timedelta(days=1))
    old = fail(outbox.DETACH_METHOD, '{"method": "pm_2"}', at=day - timedelta(minutes=30))
    broken_round = fail("rounds.reconcile", '{"timestamp": 1}', lock="rounds.reconcile")
    assert rows(finance) == [payment, card, old]
    assert rows(finance, f"?job={outbox.DETACH_METHOD}") == [card, old]
    assert rows(finance, "?q=pm_1") == [card]
    assert rows(finance, "?q=%22pm_1") == []
    assert rows(finance, "?from=2026-11-27&to=2026-11-27") == [payment]
    assert rows(finance, "?view=rounds") == [broken_round]
    assert "No failed job is about “pm_3”" in finance.get(f"{LIST}?q=pm_3").text
    assert "3 jobs failed for good" in finance.get("/admin/").text


def test_pages_of_failed_jobs_and_of_the_queue_go_forth_and_back(finance: FlaskClient) -> None:
    moment = clock.now()
    failed = [fail("money.x", "{}", at=moment - timedelta(minutes=number // 3)) for number in range(60)]
    with db.transaction() as session:
        for number in range(30):
            outbox.enqueue(session, outbox.SEND_MAIL, {"mail_id": str(number)})
    walked: list[list[int]] = []
    page: str | None = LIST
    while page:
        shown = finance.get(page).text
        walked.append([int(number) for number in re.findall(r'<tr id="job-(\d+)"', shown)])
        found = re.search(r'rel="next" href="([^"]+)"', shown)
        back = re.search(r'rel="prev" href="([^"]+)"', shown)
        page = found[1].replace("&amp;", "&") if found else None
    assert sorted(number for part in walked for number in part) == sorted(failed)
    assert [len(part) for part in walked] == [25, 25, 10]
    assert back is not None
    assert rows(finance, back[1].removeprefix(LIST).replace("&amp;", "&")) == walked[1]
    queue = finance.get(f"{LIST}?view=queue").text
    assert len(re.findall(r'<tr id="job-', queue)) == 25
    assert 'rel="next"' in queue


def test_what_cannot_be_read_is_named_by_its_field(finance: FlaskClient) -> None:
    for page in (LIST, "/admin/operations"):
        for query, words in {
            "?q=two+words": "ID: paste one",
            "?from=yesterday": "From: write a day",
            "?from=2026-11-02&to=2026-11-01": "To: the last day is before the first one",
        }.items():
            answer = finance.get(page + query)
            assert answer.status_code == 422
            assert words in answer.text
            assert "Nothing was looked for" in answer.text


def test_a_retry_is_told_of_first_then_done_for_a_reason_and_noted(finance: FlaskClient) -> None:
    number = fail(outbox.DETACH_METHOD, '{"method": "pm_1"}')
    page = finance.get(f"{LIST}/{number}").text
    assert "Has Stripe take the removed card from its customer" in page
    assert status(number) == "failed"
    refused = retry(finance, number, " ")
    assert (refused.status_code, status(number)) == (422, "failed")
    assert "Say why" in refused.text
    assert retry(finance, number, "Stripe was down").status_code == 303
    assert status(number) == "todo"
    (entry,) = audited("job.retried")
    assert (entry.why, entry.subject_id) == ("Stripe was down", str(number))
    again = finance.post(f"{LIST}/{number}/retry", data={**hidden(page), "reason": "Once more"})
    assert again.status_code == 422
    assert "It was taken up again already" in again.text
    assert "Retry it" not in finance.get(f"{LIST}/{number}").text


def test_a_job_shows_how_the_calls_about_its_object_went(finance: FlaskClient) -> None:
    number = fail(outbox.DETACH_METHOD, '{"method": "pm_1"}')
    call = calls.Call("detachment", "pm_1", "/v1/x", "detach-pm_1", "refused", "resource_missing", "req_7", 9)
    with db.transaction() as session:
        calls.record(session, call)
    page = finance.get(f"{LIST}/{number}").text
    assert "Stripe request req_7" in page
    assert "resource_missing" in page


def test_a_form_that_is_sent_twice_retries_once(finance: FlaskClient) -> None:
    number = fail(outbox.DETACH_METHOD, '{"method": "pm_1"}')
    form = {**hidden(finance.get(f"{LIST}/{number}").text), "reason": "Stripe was down"}
    assert [finance.post(f"{LIST}/{number}/retry", data=form).status_code for _ in range(2)] == [303, 303]
    assert len(audited("job.retried")) == 1


def test_support_sees_a_job_and_may_not_retry_it(finance: FlaskClient, browser: Browser) -> None:
    number = fail(outbox.DETACH_METHOD, '{"method": "pm_1"}')
    market.add_person(SUPPORT, "Sam", "support")
    support = browser(SUPPORT)
    assert "Retry it" not in support.get(f"{LIST}/{number}").text
    form = {**hidden(finance.get(f"{LIST}/{number}").text), "reason": "I want to"}
    form["csrf_token"] = re.findall(r'name="csrf_token" value="([^"]+)"', support.get(LIST).text)[0]
    assert support.post(f"{LIST}/{number}/retry", data=form).status_code == 403
    assert status(number) == "failed"


def test_a_round_is_not_retried_and_what_is_no_job_is_not_found(finance: FlaskClient) -> None:
    number = fail("rounds.reconcile", '{"timestamp": 1}', lock="rounds.reconcile")
    other = fail(outbox.DETACH_METHOD, '{"method": "pm_1"}')
    assert "The clock does it again by itself" in finance.get(f"{LIST}/{number}").text
    form = {**hidden(finance.get(f"{LIST}/{other}").text), "reason": "All the same"}
    assert finance.post(f"{LIST}/{number}/retry", data=form).status_code == 422
    assert status(number) == "failed"
    for name in ("0", "x", "99999999999999999999", "%C2%B2"):
        assert finance.get(f"{LIST}/{name}").status_code == 404


def test_a_job_whose_object_is_over_says_that_it_would_do_nothing(finance: FlaskClient) -> None:
    receive("evt_1")
    event = fail(outbox.HANDLE_STRIPE_EVENT, '{"event_id": "evt_1"}')
    gone = fail(outbox.SEND_MAIL, '{"mail_id": "00000000-0000-7000-8000-000000000000"}')
    page = finance.get(f"{LIST}/{event}").text
    assert "Rehearse it" in page
    assert "/admin/events/evt_1/rehearsal" in page
    assert "It would do nothing: it is gone" in finance.get(f"{LIST}/{gone}").text
    with db.transaction() as session:
        session.execute(text("UPDATE inbox_event SET state = 'ignored', handled_at = now()"))
    page = finance.get(f"{LIST}/{event}").text
    assert "It would do nothing: it is over" in page
    assert "Rehearse it" not in page
    assert "Retry it all the same" in page
