"""Sales, refunds and disputes in any order, with every event twice and shuffled: the books stand where a model says.

``AZORA_DISPUTE_EXAMPLES`` makes it many more stories than a usual run has.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from azora_admin.sandbox.stripe.disputing import OUTCOMES
from tests.databases import PreparedDatabase
from tests.selling import Shop
from tests.stories.test_refund_machine import Asked, Refunds

EXAMPLES = int(os.environ.get("AZORA_DISPUTE_EXAMPLES", "25"))


class Disputes(Refunds):
    """Banks ask for money, too, and decide as they like."""

    @precondition(lambda self: self.sales)
    @rule(
        which=st.integers(0, 1),
        amount=st.one_of(st.just(4900), st.integers(1, 4900)),
        inquiry=st.booleans(),
        withdraw=st.booleans(),
        seed=st.integers(0, 99),
    )
    def a_bank_asks(self, which: int, amount: int, *, inquiry: bool, withdraw: bool, seed: int) -> None:
        sale = self.sales[which % len(self.sales)]
        if len(sale.asks) < 2:
            charge = next(one.stripe_charge_id for one in self.shop.payments() if one.id == sale.payment_id)
            self.shop.dispute(charge, amount=amount, inquiry=inquiry, withdraw=withdraw)
            self.learn()
            self.hear(seed=seed)

    @precondition(lambda self: any(sale.asks for sale in self.sales))
    @rule(
        data=st.data(),
        outcomes=st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=3),
        seed=st.integers(0, 99),
    )
    def a_bank_goes_on(self, data: st.DataObject, outcomes: list[str], seed: int) -> None:
        """Up to three steps before anything of them is heard; what can't follow is refused by the bank."""
        dispute_id = data.draw(st.sampled_from([one for sale in self.sales for one in sale.asks]))
        for outcome in outcomes:
            body = f'{{"outcome": "{outcome}"}}'.encode()
            assert self.shop.stand_in.raw("POST", f"/_sandbox/disputes/{dispute_id}", body=body).status in (
                200,
                400,
            )
        self.learn()
        self.hear(seed=seed)

    @rule(seed=st.integers(0, 1))
    def fees_come_back_from_now_on(self, seed: int) -> None:
        self.shop.stand_in.control("/settings", {"dispute_fee_is_returned": seed})

    def learn(self) -> None:
        """What Stripe says of every dispute."""
        for one in self.shop.office.v1.disputes.list({"limit": 100}).data:
            (sale,) = [sale for sale in self.sales if sale.intent_id == one.payment_intent]
            moved = one.balance_transactions
            sale.asks[one.id] = Asked(
                str(one.status), -sum(each.amount for each in moved), sum(each.fee for each in moved)
            )


def test_sales_refunds_and_disputes_in_any_order_end_where_a_plain_model_says(
    shop: Shop, migrated_database: PreparedDatabase
) -> None:
    class Here(Disputes):
        pass

    Here.shop, Here.database = shop, migrated_database
    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=9,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
