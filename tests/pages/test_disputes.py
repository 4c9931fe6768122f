"""Pages of disputes: what is to be answered and until when, and what each did to the books."""

from __future__ import annotations

from datetime import timedelta

import pytest

from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import DisputeId, PaymentId
from azora_admin.payments.rules.disputes import STATUSES
from azora_admin.web.dispute_words import DISPUTE, dispute_look, dispute_words, due_look, due_text
from tests.pages import market
from tests.pages.conftest import Browser, form_token


@pytest.fixture
def paid() -> PaymentId:
    market.add_person("finance@market.test", "Bea Adeyemi", "finance")
    market.add_person("support@market.test", "Sam Ito", "support")
    teacher = market.add_person("priya@market.test", "Priya Raman", "instructor")
    (learner,) = market.add_learners([1])
    return market.pay(learner, market.add_course("Rust for Embedded Linux", teacher, 4900))


@pytest.fixture
def disputed(paid: PaymentId) -> DisputeId:
    return market.dispute(paid)


def test_the_list_says_what_is_asked_and_until_when(browser: Browser, disputed: DisputeId) -> None:
    page = browser("support@market.test").get("/admin/disputes").text
    assert f"/admin/disputes/{disputed}" in page
    for words in ("$49.00", "Needs an answer", "8 days left", "The cardholder did not pay it", "Rust for"):
        assert words in page
    assert "No disputes here" in browser("support@market.test").get("/admin/disputes?state=lost").text


def test_nothing_yet_says_what_will_come(browser: Browser, paid: PaymentId) -> None:
    assert "No disputes yet" in browser("support@market.test").get("/admin/disputes").text


def test_a_dispute_shows_its_lines_in_the_books_and_its_payment(
    browser: Browser, disputed: DisputeId
) -> None:
    page = browser("support@market.test").get(f"/admin/disputes/{disputed}").text
    for words in (
        "Dispute: money withdrawn",
        "Withheld until the bank decides",
        "Held by Stripe for disputes",
        "$49.00 withheld until the bank decides",
        "Owed to Priya Raman",
        "Network code 10.4",
    ):
        assert words in page, words


def test_the_payment_leads_to_its_dispute_and_offers_no_refund(
    browser: Browser, paid: PaymentId, disputed: DisputeId
) -> None:
    page = browser("finance@market.test").get(f"/admin/payments/{paid}").text
    assert f"/admin/disputes/{disputed}" in page
    assert "Disputed" in page
    assert "refund-link" not in page
    listed = browser("finance@market.test").get("/admin/payments?status=disputed&status=charged_back").text
    assert str(paid) in listed


def test_an_inquiry_says_that_no_money_moved_and_can_be_refunded(browser: Browser, paid: PaymentId) -> None:
    inquiry = market.dispute(paid, status="warning_needs_response")
    page = browser("finance@market.test").get(f"/admin/disputes/{inquiry}").text
    assert "no money has moved" in page
    assert "Nothing is booked" in page
    drawer = browser("finance@market.test").get(f"/admin/payments/{paid}/refund").text
    assert "bank inquires about this payment" in drawer


def test_the_overview_and_the_list_say_what_is_to_be_done(browser: Browser, disputed: DisputeId) -> None:
    page = browser("finance@market.test").get("/admin/").text
    assert "1 dispute waits for an answer" in page
    assert "/admin/disputes?state=answer" in page


def test_what_there_is_not_is_not_found(browser: Browser, paid: PaymentId) -> None:
    client = browser("support@market.test")
    assert client.get(f"/admin/disputes/{paid}").status_code == 404
    assert client.get("/admin/disputes/nonsense").status_code == 404


def test_every_status_has_a_look_and_a_sentence_and_a_new_one_keeps_its_name() -> None:
    assert set(DISPUTE) == set(STATUSES)
    assert all(dispute_words(status) for status in STATUSES)
    assert dispute_look("quite_new").word == "Quite new"


@pytest.mark.parametrize(
    ("hours", "kind", "words"),
    [
        (200, "info", "8 days left"),
        (160, "warn", "6 days left"),
        (50, "bad", "2 days left"),
        (47, "bad", "47 hours left"),
        (1, "bad", "Less than two hours left"),
        (0, "bad", "Too late"),
    ],
)
def test_the_less_time_is_left_the_louder_it_is_said(
    test_clock: FixedClock, hours: int, kind: str, words: str
) -> None:
    due_at = test_clock.now() + timedelta(hours=hours)
    assert (due_look(due_at).kind, due_text(due_at)) == (kind, words)


def test_finance_sees_what_the_bank_would_get_and_both_acts(browser: Browser, disputed: DisputeId) -> None:
    client = browser("finance@market.test")
    assert f"/admin/disputes/{disputed}/answer" in client.get(f"/admin/disputes/{disputed}").text
    page = client.get(f"/admin/disputes/{disputed}/answer").text
    for words in (
        "What the bank gets",
        "Send evidence for $49.00 to the bank",
        "Accept the dispute",
        "No record.",
        "Refund policy",
    ):
        assert words in page
    packet = client.get(f"/admin/disputes/{disputed}/packet")
    assert (packet.content_type, packet.data[:5]) == ("application/pdf", b"%PDF-")


def test_support_reads_and_does_not_answer(browser: Browser, disputed: DisputeId) -> None:
    client = browser("support@market.test")
    assert "Answer the bank" not in client.get(f"/admin/disputes/{disputed}").text
    for path in ("answer", "packet"):
        assert client.get(f"/admin/disputes/{disputed}/{path}").status_code == 403


def test_giving_in_wants_to_be_meant_and_stale_evidence_a_second_look(
    browser: Browser, disputed: DisputeId
) -> None:
    client = browser("finance@market.test")
    page = client.get(f"/admin/disputes/{disputed}/answer").text
    sent = {"csrf_token": form_token(page), "idempotency_key": "one"}
    unsure = client.post(f"/admin/disputes/{disputed}/accept", data=sent)
    assert (unsure.status_code, "for good" in unsure.text) == (422, True)
    stale = client.post(
        f"/admin/disputes/{disputed}/answer", data=sent | {"idempotency_key": "two", "seen": "other"}
    )
    assert (stale.status_code, "has changed since" in stale.text) == (409, True)
