"""Disputes: what moves money and what does not, evidence once, every end, and the warnings before."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
import stripe

from tests.sandbox.stripe.purchases import pay, told
from tests.sandbox.stripe.stand_in import StandIn

PDF = b"%PDF-1.7\r\n\x00\xff\r\n--not-a-boundary\n\r" + bytes(range(256)) + b"\n"


def disputed(
    client: stripe.StripeClient, stand_in: StandIn, **how: Any
) -> tuple[stripe.PaymentIntent, stripe.Dispute]:
    paid = pay(client)
    made = stand_in.control(f"/charges/{paid.latest_charge}/disputes", how)
    return paid, client.v1.disputes.retrieve(made["id"])


def decide(stand_in: StandIn, dispute: stripe.Dispute, outcome: str) -> Any:
    return stand_in.control(f"/disputes/{dispute.id}", {"outcome": outcome})


def money_of(client: stripe.StripeClient, dispute: stripe.Dispute) -> list[tuple[int, int, int, str]]:
    found = client.v1.disputes.retrieve(dispute.id).balance_transactions
    assert {(one.type, one.source) for one in found} <= {("adjustment", dispute.id)}
    return [(one.amount, one.fee, one.net, one.reporting_category) for one in found]


def events_of(client: stripe.StripeClient) -> list[str]:
    prefix = "charge.dispute."
    return [one.removeprefix(prefix) for one in told(client) if one.startswith(prefix)]


class Named(BytesIO):
    """A file as the SDK uploads one: with a name."""

    name = "evidence.pdf"


def upload(client: stripe.StripeClient, content: bytes = PDF) -> stripe.File:
    return client.v1.files.create({"file": Named(content), "purpose": "dispute_evidence"})


def test_a_chargeback_takes_amount_and_fee_at_once(client: stripe.StripeClient, stand_in: StandIn) -> None:
    paid, dispute = disputed(client, stand_in)
    assert (dispute.status, dispute.amount, dispute.reason) == ("needs_response", 4900, "fraudulent")
    assert (dispute.is_charge_refundable, dispute.payment_intent) == (False, paid.id)
    assert money_of(client, dispute) == [(-4900, 1500, -6400, "dispute")]
    assert events_of(client) == ["created", "funds_withdrawn"]
    assert client.v1.charges.retrieve(str(paid.latest_charge)).disputed is True
    with pytest.raises(stripe.InvalidRequestError, match="has been charged back") as refused:
        client.v1.refunds.create({"payment_intent": paid.id})
    assert refused.value.code == "charge_disputed"
    assert [one.id for one in client.v1.disputes.list({"payment_intent": paid.id}).data] == [dispute.id]
    assert client.v1.disputes.list({"charge": "ch_other"}).data == []


def test_won_brings_the_amount_back_and_the_fee_only_where_that_is_the_policy(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    paid, dispute = disputed(client, stand_in)
    assert decide(stand_in, dispute, "win")["status"] == "won"
    assert money_of(client, dispute)[1:] == [(4900, 0, 4900, "dispute_reversal")]
    assert events_of(client)[2:] == ["funds_reinstated", "closed"]
    assert client.v1.refunds.create({"payment_intent": paid.id}).status == "succeeded"
    stand_in.control("/settings", {"dispute_fee_is_returned": 1})
    _, other = disputed(client, stand_in)
    decide(stand_in, other, "win")
    assert money_of(client, other)[1] == (4900, -1500, 6400, "dispute_reversal")


def test_lost_moves_nothing_more_and_an_appeal_may_turn_it(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    _, dispute = disputed(client, stand_in, amount=1000, reason="product_not_received")
    decide(stand_in, dispute, "lose")
    assert money_of(client, dispute) == [(-1000, 1500, -2500, "dispute")]
    assert (
        stand_in.raw("POST", f"/_sandbox/disputes/{dispute.id}", body=b'{"outcome": "withdraw"}').status
        == 400
    )
    for outcome, status in (("appeal", "appeal_needs_response"), ("review_appeal", "appeal_under_review")):
        assert decide(stand_in, dispute, outcome)["status"] == status
    decide(stand_in, dispute, "win")
    assert [one[0] for one in money_of(client, dispute)] == [-1000, 1000]
    decide(stand_in, dispute, "lose")
    assert [one[0] for one in money_of(client, dispute)] == [-1000, 1000, -1000]
    assert events_of(client)[2:] == [
        "closed", "updated", "updated", "funds_reinstated", "closed", "funds_withdrawn", "closed",
    ]  # fmt: skip


def test_money_may_move_later_than_the_dispute_and_its_end(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    _, dispute = disputed(client, stand_in, withdraw=False)
    assert money_of(client, dispute) == []
    decide(stand_in, dispute, "withdraw")
    decide(stand_in, dispute, "win_without_money")
    assert [one[0] for one in money_of(client, dispute)] == [-4900]
    decide(stand_in, dispute, "reinstate")
    assert [one[0] for one in money_of(client, dispute)] == [-4900, 4900]
    assert events_of(client) == ["created", "funds_withdrawn", "closed", "funds_reinstated"]


def test_an_inquiry_moves_no_money_and_leaves_the_charge_refundable(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    paid, dispute = disputed(client, stand_in, inquiry=True)
    assert (dispute.status, dispute.is_charge_refundable) == ("warning_needs_response", True)
    client.v1.refunds.create({"payment_intent": paid.id, "amount": 900})
    escalated = decide(stand_in, dispute, "escalate")
    assert (escalated["status"], escalated["amount"]) == ("needs_response", 4000)
    assert money_of(client, dispute) == [(-4000, 1500, -5500, "dispute")]
    _, quiet = disputed(client, stand_in, inquiry=True)
    assert decide(stand_in, quiet, "close_inquiry")["status"] == "warning_closed"
    _, settled = disputed(client, stand_in, inquiry=True)
    assert decide(stand_in, settled, "prevent")["status"] == "prevented"
    assert money_of(client, settled) == [(-4900, 0, -4900, "dispute")]


def test_evidence_is_staged_as_often_as_one_likes_and_submitted_once(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    _, dispute = disputed(client, stand_in)
    held = upload(client)
    assert (held.type, held.size, held.purpose, held.filename) == (
        "pdf", len(PDF), "dispute_evidence", "evidence.pdf",
    )  # fmt: skip
    staged = client.v1.disputes.update(
        dispute.id,
        {"evidence": {"uncategorized_file": held.id, "customer_name": "Ada"}, "submit": False},
    )
    assert (staged.status, staged.evidence_details.has_evidence) == ("needs_response", True)
    assert staged.evidence_details.submission_count == 0
    sent = client.v1.disputes.update(dispute.id, {"evidence": {"customer_name": "Ada L."}, "submit": True})
    assert (sent.status, sent.evidence.customer_name) == ("under_review", "Ada L.")
    assert sent.evidence.uncategorized_file == held.id
    details = sent.evidence_details
    assert (details.submission_count, details.submission_method) == (1, "manual")
    with pytest.raises(stripe.InvalidRequestError, match="can't be changed"):
        client.v1.disputes.update(dispute.id, {"evidence": {"customer_name": "Eve"}})
    assert client.v1.disputes.update(dispute.id, {"metadata": {"our": "id"}}).status == "under_review"
    assert client.v1.files.retrieve(held.id).size == len(PDF)
    assert [one.id for one in client.v1.files.list().data] == [held.id]


def test_what_is_no_evidence_is_refused(client: stripe.StripeClient, stand_in: StandIn) -> None:
    _, dispute = disputed(client, stand_in)
    with pytest.raises(stripe.InvalidRequestError, match="PDF, JPEG or PNG"):
        upload(client, b"hello")
    with pytest.raises(stripe.InvalidRequestError, match="at most 5000000"):
        upload(client, b"%PDF-" + bytes(5_000_000))
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.disputes.update(dispute.id, {"evidence": {"receipt": "file_none"}})
    assert refused.value.code == "resource_missing"
    texts = ("access_activity_log", "cancellation_rebuttal", "product_description", "uncategorized_text")
    evidence: Any = dict.fromkeys(
        (*texts, "refund_policy_disclosure", "refund_refusal_explanation"), "x" * 20_000
    )
    evidence |= dict.fromkeys(
        ("duplicate_charge_explanation", "cancellation_policy_disclosure"), "x" * 20_000
    )
    with pytest.raises(stripe.InvalidRequestError, match="150000"):
        client.v1.disputes.update(dispute.id, {"evidence": evidence})


def test_the_time_to_answer_ends(client: stripe.StripeClient, stand_in: StandIn) -> None:
    _, dispute = disputed(client, stand_in)
    stand_in.control("/clock", {"advance": 9 * 86_400 + 1})
    late = client.v1.disputes.retrieve(dispute.id)
    assert (late.status, late.evidence_details.past_due) == ("needs_response", True)
    with pytest.raises(stripe.InvalidRequestError, match="time to answer"):
        client.v1.disputes.update(dispute.id, {"evidence": {"customer_name": "Ada"}})


@pytest.mark.parametrize(
    ("text", "inquiry", "status"),
    [
        ("winning_evidence", False, "won"),
        ("losing_evidence", False, "lost"),
        ("escalate_inquiry_evidence", True, "needs_response"),
        ("winning_evidence", True, "warning_closed"),
    ],
)
def test_stripes_test_evidence_decides(
    client: stripe.StripeClient, stand_in: StandIn, text: str, status: str, *, inquiry: bool
) -> None:
    _, dispute = disputed(client, stand_in, inquiry=inquiry)
    client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}})
    stand_in.control("/settle", {})
    assert client.v1.disputes.retrieve(dispute.id).status == status


def test_who_accepts_a_dispute_has_lost_it_for_good(client: stripe.StripeClient, stand_in: StandIn) -> None:
    _, dispute = disputed(client, stand_in)
    assert client.v1.disputes.close(dispute.id).status == "lost"
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        client.v1.disputes.close(dispute.id)
    _, inquiry = disputed(client, stand_in, inquiry=True)
    assert client.v1.disputes.close(inquiry.id).status == "warning_closed"


@pytest.mark.parametrize(
    ("card", "statuses"),
    [
        ("pm_card_createDispute", [("needs_response", "fraudulent")]),
        ("pm_card_createDisputeProductNotReceived", [("needs_response", "product_not_received")]),
        ("pm_card_createDisputeInquiry", [("warning_needs_response", "fraudulent")]),
        ("pm_card_createMultipleDisputes", [("needs_response", "fraudulent")] * 2),
        ("pm_card_createIssuerFraudRecord", []),
    ],
)
def test_test_cards_are_disputed_after_a_while(
    client: stripe.StripeClient, stand_in: StandIn, card: str, statuses: list[tuple[str, str]]
) -> None:
    paid = pay(client, payment_method=card)
    assert client.v1.disputes.list().data == []
    stand_in.control("/clock", {"advance": 1})
    found = client.v1.disputes.list({"payment_intent": paid.id}).data
    assert [(one.status, one.reason) for one in found] == statuses
    warned = client.v1.radar.early_fraud_warnings.list({"payment_intent": paid.id}).data
    assert [one.actionable for one in warned] == ([True] if not statuses else [])


def test_a_warning_is_actionable_until_the_charge_is_refunded_or_disputed(
    client: stripe.StripeClient, stand_in: StandIn
) -> None:
    paid, other = pay(client), pay(client)
    first = stand_in.control(f"/charges/{paid.latest_charge}/warnings", {})
    second = stand_in.control(f"/charges/{other.latest_charge}/warnings", {"fraud_type": "misc"})
    client.v1.refunds.create({"payment_intent": paid.id, "amount": 900})
    assert client.v1.radar.early_fraud_warnings.retrieve(first["id"]).actionable is True
    client.v1.refunds.create({"payment_intent": paid.id})
    stand_in.control(f"/charges/{other.latest_charge}/disputes", {})
    for one in (first, second):
        assert client.v1.radar.early_fraud_warnings.retrieve(one["id"]).actionable is False
    assert told(client).count("radar.early_fraud_warning.created") == 2
    assert told(client).count("radar.early_fraud_warning.updated") == 2


def test_what_was_not_paid_is_not_disputed(client: stripe.StripeClient, stand_in: StandIn) -> None:
    paid = pay(client)
    for body in (b'{"amount": 0}', b'{"amount": 4901}', b'{"reason": "mood"}'):
        path = f"/_sandbox/charges/{paid.latest_charge}/disputes"
        assert stand_in.raw("POST", path, body=body).status == 400
    held = pay(client, capture_method="manual")
    assert stand_in.raw("POST", f"/_sandbox/charges/{held.latest_charge}/disputes", body=b"{}").status == 400
