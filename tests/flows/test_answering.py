"""An answer to a bank is one, and what was looked at is what it gets, whatever fails on the way."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Conflict
from azora_admin.core.ids import DisputeId
from azora_admin.flows import answering
from azora_admin.flows.answering import Evidence
from azora_admin.gateways.pdf.typesetting import render
from azora_admin.gateways.stripe.client import NoAnswer, Sent
from azora_admin.reports.evidence import evidence_packet
from azora_admin.reports.verification import Verdict, verify
from tests.refunding import actor_of, sold
from tests.selling import ASK_AFTER, Shop

pytestmark = pytest.mark.usefixtures("test_clock")


def the_evidence(dispute_id: DisputeId) -> Evidence:
    with db.snapshot() as session:
        packet = evidence_packet(session, dispute_id)
    return Evidence(packet.fields, render("evidence", packet.as_json(), at=packet.at))


def opened(shop: Shop, **how: Any) -> tuple[DisputeId, str]:
    sold(shop)
    stripe_id = shop.dispute(shop.payments()[0], **how)
    shop.hear()
    with db.reading() as session:
        return DisputeId(session.scalars(text("SELECT id FROM dispute")).one()), stripe_id


def submit(shop: Shop, dispute_id: DisputeId, *, seen: str = "") -> Evidence:
    evidence = the_evidence(dispute_id)
    submit_this(shop, dispute_id, evidence, seen=seen)
    return evidence


def submit_this(shop: Shop, dispute_id: DisputeId, evidence: Evidence, *, seen: str = "") -> None:
    answering.submit(
        shop.stripe,
        shop.finance,
        actor_of(shop.finance),
        dispute_id=dispute_id,
        evidence=evidence,
        seen=seen or evidence.digest,
        ask_after=ASK_AFTER,
    )


def accept(shop: Shop, dispute_id: DisputeId) -> None:
    answering.accept(
        shop.stripe, shop.finance, actor_of(shop.finance), dispute_id=dispute_id, ask_after=ASK_AFTER
    )


def states(shop: Shop) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [
            tuple(row) for row in session.execute(text("SELECT kind, state FROM dispute_answer ORDER BY id"))
        ]


def try_again(shop: Shop, test_clock: FixedClock) -> None:
    """What the clock does with an answer that nothing was heard of."""
    test_clock.advance(timedelta(minutes=5))
    if answering.enqueue_due(first_pause=ASK_AFTER):
        with db.reading() as session:
            (answer_id,) = session.scalars(
                text("SELECT id FROM dispute_answer WHERE state IN ('reserved', 'unknown')")
            )
        answering.send(shop.stripe, UUID(str(answer_id)), cause="ask")


def test_the_bank_gets_the_packet_that_was_looked_at(shop: Shop) -> None:
    dispute_id, stripe_id = opened(shop)
    evidence = submit(shop, dispute_id)
    told = shop.office.v1.disputes.retrieve(stripe_id)
    assert (told.status, told.evidence_details.submission_count) == ("under_review", 1)
    for name in ("customer_name", "customer_email_address", "product_description", "service_date"):
        assert getattr(told.evidence, name) == evidence.fields[name]
    (file,) = shop.office.v1.files.list().data
    assert told.evidence.uncategorized_file == file.id
    assert (file.size, file.type) == (len(evidence.packet), "pdf")
    with db.reading() as session:
        kept = session.execute(text("SELECT packet, evidence FROM dispute_answer")).one()
    assert (bytes(kept.packet), kept.evidence) == (evidence.packet, dict(evidence.fields))
    assert states(shop) == [("evidence", "sent")]
    with db.reading() as session:
        assert session.scalar(text("SELECT status FROM dispute")) == "under_review"
        assert "dispute.answered" in session.scalars(text("SELECT act FROM audit_entry")).all()
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_each_call_to_the_bank_is_told_to_the_log_of_what_goes_out(shop: Shop) -> None:
    told: list[Sent] = []
    shop.stripe.on_sent = told.append
    dispute_id, _ = opened(shop)
    told.clear()
    submit(shop, dispute_id)
    assert [(one.what.kind, one.outcome) for one in told] == [("packet", "done"), ("evidence", "done")]
    (answer_id,) = {one.what.about for one in told}
    assert [one.what.key for one in told] == [f"packet-{answer_id}", f"evidence-{answer_id}"]
    assert all(one.request_id for one in told)


def test_the_same_facts_make_the_same_packet(shop: Shop) -> None:
    dispute_id, _ = opened(shop)
    assert the_evidence(dispute_id).digest == the_evidence(dispute_id).digest


def test_evidence_that_has_changed_is_not_sent(shop: Shop) -> None:
    dispute_id, stripe_id = opened(shop)
    with pytest.raises(Conflict) as refused:
        submit(shop, dispute_id, seen="another")
    assert refused.value.code == "evidence_changed"
    assert states(shop) == []
    assert shop.office.v1.disputes.retrieve(stripe_id).status == "needs_response"


def test_a_bank_takes_one_answer(shop: Shop) -> None:
    dispute_id, _ = opened(shop)
    submit(shop, dispute_id)
    for act in (submit, accept):
        with pytest.raises(Conflict) as refused:
            act(shop, dispute_id)
        assert refused.value.code == "dispute_not_answerable"


def test_of_a_dozen_who_answer_at_once_one_does(shop: Shop, test_clock: FixedClock) -> None:
    dispute_id, stripe_id = opened(shop)
    evidence = the_evidence(dispute_id)
    assert shop.finance.name  # made once, before the threads

    def answer(number: int) -> str:
        with clock.use(test_clock):
            try:
                if number % 2:
                    accept(shop, dispute_id)
                else:
                    submit_this(shop, dispute_id, evidence)
            except Conflict as refused:
                return refused.code
        return "answered"

    with ThreadPoolExecutor(12) as threads:
        outcomes = Counter(threads.map(answer, range(12)))
    assert outcomes.pop("answered") == 1
    assert set(outcomes) <= {"dispute_answered", "dispute_not_answerable"}
    told = shop.office.v1.disputes.retrieve(stripe_id)
    assert (told.status == "lost") == (told.evidence_details.submission_count == 0)
    shop.hear()
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_while_an_answer_is_on_its_way_there_is_no_other(shop: Shop) -> None:
    dispute_id, _ = opened(shop)
    shop.fail_next("/v1/files", "reset_before")
    submit(shop, dispute_id)
    assert states(shop) == [("evidence", "unknown")]
    with pytest.raises(Conflict) as refused:
        accept(shop, dispute_id)
    assert refused.value.code == "dispute_answered"


@pytest.mark.parametrize(
    "kind", ["reset_before", "reset_after", "500_before", "500_after", "429", "timeout_after"]
)
@pytest.mark.parametrize("path", ["/v1/files", "/v1/disputes/*"])
def test_whatever_fails_on_the_way_the_bank_gets_it_once(
    shop: Shop, test_clock: FixedClock, path: str, kind: str
) -> None:
    dispute_id, stripe_id = opened(shop)
    shop.fail_next(path, kind)
    submit(shop, dispute_id)
    for _ in range(3):
        with suppress(NoAnswer):  # the job logs it, and the clock comes again
            try_again(shop, test_clock)
    told = shop.office.v1.disputes.retrieve(stripe_id)
    assert states(shop) == [("evidence", "sent")]
    assert (told.status, told.evidence_details.submission_count) == ("under_review", 1)
    assert verify(shop.stripe) == Verdict([], waiting=0)


def test_what_the_bank_refuses_has_failed_with_its_words_and_can_be_tried_anew(shop: Shop) -> None:
    dispute_id, stripe_id = opened(shop)
    shop.stand_in.control("/clock", {"advance": 10 * 86_400})
    submit(shop, dispute_id)
    assert states(shop) == [("evidence", "failed")]
    with db.reading() as session:
        assert "time to answer" in session.scalars(text("SELECT failure_reason FROM dispute_answer")).one()
    accept(shop, dispute_id)
    assert states(shop) == [("evidence", "failed"), ("accept", "sent")]
    assert shop.office.v1.disputes.retrieve(stripe_id).status == "lost"
    assert shop.payment().status == "charged_back"


def test_an_answer_that_can_not_be_sent_any_more_has_failed(shop: Shop, test_clock: FixedClock) -> None:
    dispute_id, _ = opened(shop)
    shop.fail_next("/v1/files", "reset_before")
    submit(shop, dispute_id)
    test_clock.advance(timedelta(hours=24))
    try_again(shop, test_clock)
    assert states(shop) == [("evidence", "failed")]


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "500_after"])
def test_giving_in_is_lost_once_whatever_fails(shop: Shop, test_clock: FixedClock, kind: str) -> None:
    dispute_id, stripe_id = opened(shop)
    shop.fail_next("/v1/disputes/*/close", kind)
    accept(shop, dispute_id)
    if states(shop) != [("accept", "sent")]:
        try_again(shop, test_clock)
    assert states(shop) == [("accept", "sent")]
    assert shop.office.v1.disputes.retrieve(stripe_id).status == "lost"
    assert shop.payment().status == "charged_back"


def test_the_packet_says_what_is_known_and_where_nothing_is(shop: Shop) -> None:
    dispute_id, _ = opened(shop)
    with db.snapshot() as session:
        packet = evidence_packet(session, dispute_id)
    said = {section.title: section for section in packet.sections}
    assert len(said["Receipts and credit notes"].rows) == 1
    assert said["Lessons opened and completed"].note == "No record."
    assert said["Sign-ins to the account"].note == "No record."
    assert said["Refund policy shown at the purchase"].note not in ("", "No record.")
    assert the_evidence(dispute_id).packet.startswith(b"%PDF-")
