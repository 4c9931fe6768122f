"""Who may refund how much, what a second person approves, and that a preview is what is posted."""

from __future__ import annotations

from contextlib import suppress

import pytest
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.core.errors import Conflict, DomainError, Invalid
from azora_admin.core.ids import RefundId
from azora_admin.flows import refunding
from azora_admin.gateways.stripe.client import NoAnswer
from azora_admin.identity.rules import SignedIn
from azora_admin.ledger.queries import entries_for_reference
from azora_admin.payments.rules.refunds import Limits
from tests.refunding import actor_of, sold
from tests.selling import ASK_AFTER, Shop

pytestmark = pytest.mark.usefixtures("test_clock")


def test_a_disputed_payment_is_not_refunded(shop: Shop) -> None:
    payment_id = sold(shop)
    with db.transaction() as session:
        session.execute(text("UPDATE payment SET status = 'disputed'"))
    with pytest.raises(Conflict) as refused:
        shop.refund(payment_id)
    assert refused.value.code == "refund_blocked_by_dispute"


def test_support_refunds_up_to_its_limit_and_what_is_above_goes_to_finance(shop: Shop) -> None:
    payment_id = sold(shop)
    support = shop.person("support")
    limits = Limits(support=20, alone=1000)
    assert shop.refund(payment_id, 1500, by=support, limits=limits).state == "succeeded"
    assert shop.refund(payment_id, 501, by=support, limits=limits).state == "waiting"
    with db.reading() as session:
        plan = refunding.preview(session, support, payment_id=payment_id, amount=501, limits=limits)
    assert plan.approver == "finance"
    assert shop.refund(payment_id, 500, by=support, limits=limits).state == "succeeded"
    refunding.approve(
        shop.stripe, shop.finance, actor_of(shop.finance), refund_id=waiting(shop), ask_after=ASK_AFTER
    )
    assert [one.state for one in shop.refunds()] == ["succeeded"] * 3


def waiting(shop: Shop) -> RefundId:
    return next(one.id for one in shop.refunds() if one.state == "waiting")


def test_a_refund_is_turned_down_with_a_reason_and_withdrawn_by_whoever_asked(shop: Shop) -> None:
    payment_id, finance = sold(shop), shop.finance
    support = shop.person("support")
    shop.refund(payment_id, 4900, by=support, limits=LOW)
    refund_id = waiting(shop)
    for why in ("", "  \n ", "x" * 501):
        with db.transaction() as session, pytest.raises(Invalid) as refused:
            refunding.turn_down(session, actor_of(finance), refund_id=refund_id, why=why)
        assert [one.field for one in refused.value.errors] == ["why"]
    with db.transaction() as session:
        refunding.turn_down(session, actor_of(finance), refund_id=refund_id, why=" Ask\nthem first ")
    assert shop.refunds()[0].failure_reason == "Ask them first"
    refund_id = shop.refund(payment_id, 4900, by=support, limits=LOW).id
    with db.transaction() as session, pytest.raises(Conflict) as not_theirs:
        refunding.withdraw(session, finance, actor_of(finance), refund_id=refund_id)
    assert not_theirs.value.code == "not_your_refund"
    with db.transaction() as session:
        refunding.withdraw(session, support, actor_of(support), refund_id=refund_id)
    assert acts()[-1] == "refund.withdrawn"
    assert shop.payment().refunded_minor == 0


LOW = Limits(support=20, alone=40)


def test_above_a_limit_a_second_person_approves(shop: Shop) -> None:
    payment_id = sold(shop)
    before = shop.balances()
    refund = shop.refund(payment_id, limits=LOW)
    assert refund.state == "waiting"
    assert shop.balances() == before
    assert shop.refunds_at_stripe() == []
    with pytest.raises(Conflict) as refused:
        approve(shop, shop.finance)
    assert refused.value.code == "needs_second_approval"
    second = shop.person("finance")
    approve(shop, second)
    (done,) = shop.refunds()
    assert (done.state, done.requested_by, done.approved_by) == (
        "succeeded",
        shop.finance.person_id,
        second.person_id,
    )
    assert shop.payment().status == "refunded"
    with pytest.raises(Conflict) as over:
        approve(shop, shop.person("admin"))
    assert over.value.code == "refund_not_waiting"
    assert acts() == ["refund.requested", "refund.approved"]


def test_nobody_refunds_their_own_payment_alone(shop: Shop) -> None:
    payer = shop.person("finance", "learner")
    payment_id = shop.sell(payer, shop.course())
    assert shop.refund(payment_id, 100, by=payer).state == "waiting"
    with pytest.raises(Conflict) as refused:
        refunding.approve(shop.stripe, payer, actor_of(payer), refund_id=waiting(shop), ask_after=ASK_AFTER)
    assert refused.value.code == "needs_second_approval"
    refunding.approve(
        shop.stripe, shop.finance, actor_of(shop.finance), refund_id=waiting(shop), ask_after=ASK_AFTER
    )
    assert shop.refund(payment_id, 100, by=shop.finance).state == "succeeded"
    # What somebody else asked for is not for the payer to approve, either.
    assert shop.refund(payment_id, 4000, by=shop.finance, limits=LOW).state == "waiting"
    with pytest.raises(Conflict):
        refunding.approve(shop.stripe, payer, actor_of(payer), refund_id=waiting(shop), ask_after=ASK_AFTER)


def test_an_approval_is_held_against_what_is_left_by_then(shop: Shop) -> None:
    payment_id = sold(shop)
    shop.refund(payment_id, limits=LOW)
    shop.refund(payment_id, 100)
    with pytest.raises(Invalid) as refused:
        approve(shop, shop.person("finance"))
    assert refused.value.code == "refund_exceeds_payment"
    with db.transaction() as session:
        refund_id = shop.refunds()[0].id
        refunding.turn_down(session, actor_of(shop.finance), refund_id=refund_id, why="Too much by now")
    assert [one.state for one in shop.refunds()] == ["cancelled", "succeeded"]
    assert acts()[-1] == "refund.turned_down"


def test_the_preview_is_what_is_posted(shop: Shop) -> None:
    payment_id = sold(shop)
    for amount in (333, 333, 334, 1, None):
        with db.reading() as session:
            plan = refunding.preview(
                session, shop.finance, payment_id=payment_id, amount=amount, limits=Limits(1000, 1000)
            )
        refund = shop.refund(payment_id, amount)
        with db.reading() as session:
            (reserved, _) = entries_for_reference(session, [str(refund.id)])
        posted = [(leg.key, leg.asset, leg.amount, leg.available_at) for leg in reserved.legs]
        assert posted == [(leg.key, leg.asset, leg.amount, leg.available_at) for leg in plan.legs]
        assert plan.ends_access is (amount is None)


def approve(shop: Shop, person: SignedIn) -> None:
    refunding.approve(
        shop.stripe, person, actor_of(person), refund_id=shop.refunds()[0].id, ask_after=ASK_AFTER
    )


def acts() -> list[str]:
    statement = "SELECT act FROM audit_entry WHERE act LIKE 'refund.%' ORDER BY recorded_at, id"
    with db.reading() as session:
        return list(session.scalars(text(statement)))


def test_silence_and_nonsense_change_nothing(shop: Shop) -> None:
    payment_id = sold(shop)
    for amount in (0, -5, 4901):
        with pytest.raises(Invalid) as refused:
            shop.refund(payment_id, amount)
        assert [one.field for one in refused.value.errors] == ["amount"]
    with suppress(NoAnswer, DomainError):
        refunding.check(refunding.Wanted(payment_id, 1, "because", "x" * 501))
    assert shop.refunds() == []
