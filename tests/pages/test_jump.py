"""The palette's lines: what one may open, and nothing else."""

from __future__ import annotations

import re

from azora_admin.core import db
from azora_admin.messaging import calls
from tests.messaging.events import receive
from tests.pages import market
from tests.pages.conftest import Browser


def lines(browser: Browser, email: str, text: str) -> list[str]:
    """The titles of what is found, as the palette gets them."""
    headers = {"HX-Request": "true", "HX-Target": "palette-list"}
    answer = browser(email).get("/jump", query_string={"q": text}, headers=headers)
    assert answer.text.lstrip().startswith('<ul class="list" id="palette-list"')
    return re.findall(r"<span>([^<]*)</span>", answer.text)


def test_staff_find_pages_people_and_payments(browser: Browser) -> None:
    market.add_person("sam@market.test", "Sam Support", "support")
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    (learner,) = market.add_learners([1])
    payment = market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 4900))
    assert lines(browser, "sam@market.test", "p")[0] == "Payments"
    assert lines(browser, "sam@market.test", "priya") == ["Priya Raman"]
    assert lines(browser, "sam@market.test", str(payment)) == ["Rust for Embedded Linux"]
    assert lines(browser, "sam@market.test", f"pi_{payment.hex}") == ["Rust for Embedded Linux"]
    assert lines(browser, "sam@market.test", "nothing like it") == []


def test_staff_find_an_event_and_a_call_by_its_request_or_key_and_land_on_it(browser: Browser) -> None:
    market.add_person("sam@market.test", "Sam Support", "support")
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    (learner,) = market.add_learners([1])
    payment = market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 4900))
    receive("evt_1")
    key = f"payment-{payment}"
    with db.transaction() as session:
        call = calls.Call("payment", str(payment), "/v1/payment_intents", key, "done", None, "req_Aa1", 40)
        calls.record(session, call)
    assert lines(browser, "sam@market.test", "evt_1") == ["payment_intent.succeeded"]
    for said in ("req_Aa1", key):
        assert lines(browser, "sam@market.test", said) == ["POST /v1/payment_intents"]
    found = browser("sam@market.test").get("/jump?q=req_Aa1").text
    place = re.findall(rf'href="(/admin/operations/payment/{payment})#(call-[0-9a-f-]+)"', found)[0]
    assert f'id="{place[1]}"' in browser("sam@market.test").get(place[0]).text
    assert lines(browser, "learner1@market.test", "req_Aa1") == []
    assert lines(browser, "learner1@market.test", "evt_1") == []


def test_calls_without_a_row_of_their_own_have_a_page(browser: Browser) -> None:
    market.add_person("sam@market.test", "Sam Support", "support")
    with db.transaction() as session:
        for kind, about, outcome in (("customer", "p-1", "refused"), ("detachment", "pm_1", "done")):
            key = f"{kind}-{about}"
            calls.record(session, calls.Call(kind, about, "/v1/x", key, outcome, None, f"req_{kind}", 40))
    sam = browser("sam@market.test")
    for kind in ("customer", "detachment"):
        found = sam.get(f"/jump?q=req_{kind}").text
        page = re.findall(r'href="(/admin/operations/[^"#]+)#call-', found)[0]
        assert f"req_{kind}" in sam.get(page).text
    assert "Never arrived" in sam.get("/admin/operations/customer/p-1").text
    assert sam.get("/admin/operations/customer/p-2").status_code == 404


def test_a_learner_finds_their_own_pages_and_nobody(browser: Browser) -> None:
    market.add_person("sam@market.test", "Sam Support", "support")
    market.add_learners([1])
    assert lines(browser, "learner1@market.test", "") == ["Account", "Your cards", "Your security"]
    assert lines(browser, "learner1@market.test", "sam") == []
    assert lines(browser, "learner1@market.test", "pay") == []
