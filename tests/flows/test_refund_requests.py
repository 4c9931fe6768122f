"""A payer asks for money back: at once, by a person, or not at all; and each request leads to one end."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Conflict, DomainError, Invalid, NotFound
from azora_admin.core.ids import PaymentId
from azora_admin.core.money import Money
from azora_admin.flows import refund_requests, refund_sending, refunding
from azora_admin.identity.rules import SignedIn
from azora_admin.payments.queries import RefundRequestView, get_request
from azora_admin.payments.rules.refunds import Limits
from tests.pages import market
from tests.refunding import actor_of, has_access
from tests.selling import ASK_AFTER, NO_LIMITS, VISA, Shop

pytestmark = pytest.mark.usefixtures("test_clock")


class Bought:
    """A learner with a purchase, who asks."""

    def __init__(self, shop: Shop, *, card: str = VISA) -> None:
        self.shop = shop
        self.learner = shop.person()
        self.payment_id: PaymentId = shop.sell(self.learner, shop.course(), card)

    def ask(self, amount: int | None = None, *, despite_policy: bool = False) -> RefundRequestView:
        wish = refund_requests.Wish(
            self.payment_id, amount, "wrong_level", "Too easy", despite_policy=despite_policy
        )
        return refund_requests.ask(
            self.shop.stripe, self.learner, actor_of(self.learner), wish, ask_after=ASK_AFTER
        )

    def approve(self, request: RefundRequestView, by: SignedIn, limits: Limits = NO_LIMITS) -> None:
        refund_requests.approve(
            self.shop.stripe, by, actor_of(by), request.id, limits=limits, ask_after=ASK_AFTER
        )

    def now(self, request: RefundRequestView) -> RefundRequestView:
        with db.reading() as session:
            return get_request(session, request.id)


@pytest.fixture
def bought(shop: Shop) -> Bought:
    return Bought(shop)


@pytest.fixture
def queued(shop: Shop) -> Bought:
    """Under a policy that sends everything to a person."""
    market.set_policy(shop.finance.person_id)
    return Bought(shop)


def mails() -> list[str]:
    with db.reading() as session:
        return list(
            session.scalars(text("SELECT kind FROM mail WHERE kind <> 'receipt' ORDER BY created_at, id"))
        )


def acts() -> list[str]:
    wanted = "SELECT act FROM audit_entry WHERE act LIKE 'refund%' ORDER BY recorded_at, id"
    with db.reading() as session:
        return list(session.scalars(text(wanted)))


def test_a_small_one_within_the_policy_goes_back_at_once(shop: Shop, bought: Bought) -> None:
    request = bought.ask()
    assert (request.state, request.verdict, request.refund_state) == ("approved", "automatic", "succeeded")
    (refund,) = shop.refunds()
    assert (refund.requested_by, refund.reason) == (bought.learner.person_id, "requested_by_customer")
    assert not has_access(shop)
    assert [one.amount for one in shop.refunds_at_stripe()] == [4900]
    assert mails() == ["refunded"]
    assert acts() == ["refund_request.made", "refund.made"]
    with db.reading() as session:
        names = session.execute(
            text("SELECT actor_name, actor_id FROM audit_entry WHERE act = 'refund.made'")
        ).one()
    assert tuple(names) == ("Refund policy 1", None)


def test_the_policy_of_the_purchase_counts_whatever_came_later(shop: Shop, bought: Bought) -> None:
    market.set_policy(shop.finance.person_id, days=0, most_progress=0)
    assert bought.ask().verdict == "automatic"
    assert Bought(shop).ask().verdict == "queue"


def test_outside_it_is_refused_with_the_figures_and_asked_all_the_same(
    bought: Bought, test_clock: FixedClock
) -> None:
    test_clock.advance(timedelta(days=15))
    with pytest.raises(Conflict, match=r"paid 15 days ago.*allows 14 days") as refused:
        bought.ask()
    assert refused.value.code == "outside_refund_policy"
    request = bought.ask(despite_policy=True)
    assert (request.state, request.verdict, request.days) == ("open", "outside", 15)
    assert mails() == ["refund_requested"]


def test_one_is_open_at_a_time_and_a_person_approves_it(shop: Shop, queued: Bought) -> None:
    request = queued.ask(1000)
    assert request.state == "open"
    with pytest.raises(Conflict) as second:
        queued.ask(500)
    assert second.value.code == "refund_request_open"
    queued.approve(request, shop.finance)
    assert (queued.now(request).state, queued.now(request).refund_state) == ("approved", "succeeded")
    with pytest.raises(Conflict) as late:
        queued.approve(request, shop.finance)
    assert late.value.code == "refund_request_decided"
    assert [one.amount for one in shop.refunds_at_stripe()] == [1000]
    assert mails() == ["refund_requested", "refunded"]
    assert queued.ask(500).state == "open"


def test_a_person_declines_with_a_reason_that_the_payer_reads(shop: Shop, queued: Bought) -> None:
    request = queued.ask()
    for why in ("", " \n", "x" * 501):
        with db.transaction() as session, pytest.raises(Invalid) as refused:
            refund_requests.decline(session, shop.finance, actor_of(shop.finance), request.id, why=why)
        assert [one.field for one in refused.value.errors] == ["why"]
    with db.transaction() as session:
        refund_requests.decline(
            session, shop.finance, actor_of(shop.finance), request.id, why="You have seen all of it."
        )
    assert queued.now(request).decline_reason == "You have seen all of it."
    assert shop.refunds() == []
    assert mails() == ["refund_requested", "refund_declined"]
    assert acts()[-1] == "refund_request.declined"


def test_a_payer_withdraws_and_nobody_else_can(shop: Shop, queued: Bought) -> None:
    request = queued.ask()
    stranger = shop.person()
    with db.transaction() as session, pytest.raises(NotFound):
        refund_requests.withdraw(session, stranger, actor_of(stranger), request.id)
    with db.transaction() as session:
        refund_requests.withdraw(session, queued.learner, actor_of(queued.learner), request.id)
    assert queued.now(request).state == "withdrawn"
    with pytest.raises(Conflict):
        queued.approve(request, shop.finance)
    assert shop.refunds() == []


def test_nobody_decides_their_own_request(shop: Shop) -> None:
    market.set_policy(shop.finance.person_id)
    mine = Bought(shop)
    mine.learner = shop.person("learner", "finance")
    mine.payment_id = shop.sell(mine.learner, shop.course())
    request = mine.ask()
    with pytest.raises(Conflict) as approving:
        mine.approve(request, mine.learner)
    with db.transaction() as session, pytest.raises(Conflict) as declining:
        refund_requests.decline(session, mine.learner, actor_of(mine.learner), request.id, why="No")
    assert {approving.value.code, declining.value.code} == {"own_refund_request"}


def test_above_support_s_limit_finance_has_the_last_word(shop: Shop, queued: Bought) -> None:
    support, low = shop.person("support"), Limits(support=1, alone=1000)
    request = queued.ask()
    queued.approve(request, support, low)
    assert (queued.now(request).state, queued.now(request).refund_state) == ("approved", "waiting")
    with db.transaction() as session:
        refunding.withdraw(session, support, actor_of(support), refund_id=shop.refunds()[0].id)
    assert queued.now(request).state == "open"
    queued.approve(request, support, low)
    with db.transaction() as session:
        refunding.turn_down(
            session, actor_of(shop.finance), refund_id=shop.refunds()[1].id, why="Seen in full"
        )
    assert (queued.now(request).state, queued.now(request).decline_reason) == ("declined", "Seen in full")
    assert mails() == ["refund_requested", "refund_declined"]


@pytest.mark.parametrize(
    ("status", "code"),
    [("disputed", "refund_blocked_by_dispute"), ("failed", "payment_not_refundable")],
)
def test_what_cannot_be_refunded_cannot_be_asked_for(bought: Bought, status: str, code: str) -> None:
    with db.transaction() as session:
        session.execute(text("ALTER TABLE payment DROP CONSTRAINT ck_payment_settled_has_time"))
        session.execute(text("UPDATE payment SET status = :status"), {"status": status})
        with pytest.raises(Conflict) as refused:
            refund_requests.preview(session, bought.learner, payment_id=bought.payment_id, amount=None)
        session.rollback()
    assert refused.value.code == code


def test_all_of_it_back_leaves_nothing_to_ask_for(shop: Shop, bought: Bought) -> None:
    shop.refund(bought.payment_id)
    with pytest.raises(Conflict) as refused:
        bought.ask()
    assert refused.value.code == "payment_refunded"
    stranger = Bought(shop)
    stranger.payment_id = bought.payment_id
    with pytest.raises(NotFound):
        stranger.ask()


def test_a_refund_that_fails_later_shows_on_its_request_and_is_told(shop: Shop) -> None:
    bought = Bought(shop, card="pm_card_refundFail")
    request = bought.ask()
    shop.stand_in.control("/settle", {})
    shop.hear()
    found = bought.now(request)
    assert (found.state, found.refund_state) == ("approved", "failed")
    assert found.failure_reason
    assert mails() == ["refunded", "refund_came_back"]
    assert bought.ask(100).verdict == "automatic"


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "timeout_after"])
def test_stripe_s_silence_leaves_one_request_and_one_refund(shop: Shop, bought: Bought, fault: str) -> None:
    shop.fail_next("/v1/refunds", fault)
    request = bought.ask()
    assert (request.state, request.refund_state) == ("approved", "unknown")
    refund_sending.ask(shop.stripe, shop.refunds()[0].id)
    assert bought.now(request).refund_state == "succeeded"
    assert len(shop.refunds_at_stripe()) == 1


@pytest.mark.parametrize("up_to", [None, Money(5000, "usd")])
def test_fifty_threads_ask_for_one_payment(shop: Shop, up_to: Money | None) -> None:
    market.set_policy(shop.finance.person_id, automatic_up_to=up_to)
    bought = Bought(shop)

    now = copy_context()

    def ask(_: int) -> str:
        return now.copy().run(asked)

    def asked() -> str:
        try:
            return bought.ask().state
        except DomainError as refused:
            return refused.code

    with ThreadPoolExecutor(50) as threads:
        outcomes = Counter(threads.map(ask, range(50)))
    if up_to is None:
        assert outcomes == {"open": 1, "refund_request_open": 49}
    else:
        assert outcomes == {"approved": 1, "payment_refunded": 49}
        assert len(shop.refunds_at_stripe()) == 1
    assert len(mails()) == 1


def test_the_database_refuses_a_second_open_request_another_policy_and_a_changed_one(queued: Bought) -> None:
    queued.ask()
    twice = (
        "INSERT INTO refund_request SELECT gen_random_uuid(), payment_id, requested_by, 1, currency, reason, note,"
        " verdict, days, progress, state, NULL, NULL, NULL, requested_at, NULL FROM refund_request"
    )
    for statement, words in (
        (twice, "uq_refund_request_open"),
        ("UPDATE payment SET refund_policy_version = 1", "keeps the refund policy"),
        ("UPDATE refund_policy SET days = 1", "replaced, never changed"),
        ("DELETE FROM refund_policy", "replaced, never changed"),
    ):
        with db.transaction() as session, pytest.raises(IntegrityError, match=words):
            session.execute(text(statement))
