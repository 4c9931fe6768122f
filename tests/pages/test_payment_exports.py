"""Payments exported from the list: asked for once, followed, downloaded by whoever may."""

from __future__ import annotations

import re
from hashlib import sha256
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from azora_admin.jobs.payment_export import write_export
from tests.audited import audited
from tests.messaging.events import jobs
from tests.pages import market
from tests.pages.conftest import Browser, form_token

LIST = "/admin/payments"


@pytest.fixture
def support(browser: Browser) -> FlaskClient:
    """Somebody from support, and two payments."""
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    one, two = market.add_learners([1, 2])
    course = market.add_course("Rust for Embedded Linux", teacher, 4900)
    market.pay(one, course)
    market.refuse(two, course)
    market.add_person("support@market.test", "Tom Halloran", "support")
    return browser("support@market.test")


def export(client: FlaskClient, query: str = "") -> TestResponse:
    page = client.get(LIST + query).text
    form = re.search(r'<form id="export".*?</form>', page, re.DOTALL)
    assert form
    return client.post(f"{LIST}/export", data=dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[0])))


def download(client: FlaskClient, address: str) -> TestResponse:
    token = form_token(client.get(LIST).text)
    return client.post(f"{address}/file", data={"csrf_token": token})


def test_what_the_list_shows_is_exported_and_followed_until_it_is_there(support: FlaskClient) -> None:
    done = export(support, "?status=completed")
    assert done.status_code == 303
    address = done.headers["Location"]
    page = support.get(address).text
    assert 'hx-trigger="every 2s"' in page
    assert "A worker begins in a moment" in page
    assert "Succeeded" in page
    assert download(support, address).status_code == 409
    assert support.get(f"{address}/control").status_code == 409
    assert [job.name for job in jobs()].count("payments.write_export") == 1
    write_export(UUID(address.rsplit("/", 1)[1]))
    part = support.get(address, headers={"HX-Request": "true", "HX-Target": "progress"}).text
    assert part.startswith('<div id="progress" class="stack">')
    for words in ("1 payment, ", "Control totals", "$49.00", "Agree", "Download CSV", "Balance at Stripe"):
        assert words in part
    file = download(support, address)
    control = support.get(f"{address}/control")
    assert control.headers["Content-Disposition"].endswith('.control.json"')
    assert control.get_json()["file"]["sha256"] == sha256(file.data).hexdigest()
    assert sha256(file.data).hexdigest() in part
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in file.headers["Content-Disposition"]
    assert len(file.data.decode("utf-8-sig").splitlines()) == 2
    assert [entry.act for entry in audited() if entry.act.startswith("payments.")] == [
        "payments.export_requested",
        "payments.exported",
    ]
    assert address in support.get(f"{LIST}/exports").text


def test_the_same_form_twice_is_one_export(support: FlaskClient) -> None:
    page = support.get(LIST).text
    form = re.search(r'<form id="export".*?</form>', page, re.DOTALL)
    assert form
    fields = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form[0]))
    first, second = (support.post(f"{LIST}/export", data=fields) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert support.get(f"{LIST}/exports").text.count('<tr id="export-') == 1


def test_others_of_support_do_not_see_it_and_finance_does(browser: Browser, support: FlaskClient) -> None:
    address = export(support).headers["Location"]
    write_export(UUID(address.rsplit("/", 1)[1]))
    market.add_person("other@market.test", "Ines Duarte", "support")
    market.add_person("finance@market.test", "Amara Nwosu", "finance")
    other, finance = browser("other@market.test"), browser("finance@market.test")
    assert other.get(address).status_code == 403
    assert download(other, address).status_code == 403
    assert other.get(f"{address}/control").status_code == 403
    assert "No exports yet" in other.get(f"{LIST}/exports").text
    assert finance.get(address).status_code == 200
    assert download(finance, address).status_code == 200
    assert "Tom Halloran" in finance.get(f"{LIST}/exports").text


def test_an_export_that_there_is_not_is_not_found(support: FlaskClient) -> None:
    assert support.get(f"{LIST}/exports/01a21ffe-f73e-7422-8919-ae65fd891d70").status_code == 404
    assert support.get(f"{LIST}/exports/nothing").status_code == 404
