"""Finance hears of disputes, of their deadlines and of warnings: once each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.money import Money
from azora_admin.flows import dispute_letters
from tests.refunding import sold
from tests.selling import Shop

pytestmark = pytest.mark.usefixtures("test_clock")


def open_one(shop: Shop, **how: Any) -> str:
    made = shop.dispute(shop.payments()[0], **how)
    shop.hear()
    return made


def mails(shop: Shop) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [tuple(row) for row in session.execute(text("SELECT kind, to_address FROM mail ORDER BY kind, key"))
                if row.kind.startswith(("dispute", "fraud"))]  # fmt: skip


def test_finance_hears_of_an_inquiry_and_of_the_dispute_that_it_becomes_once_each(shop: Shop) -> None:
    first, second = shop.person("finance"), shop.person("finance", "support")
    sold(shop)
    dispute = open_one(shop, inquiry=True)
    shop.hear()
    expected = [("dispute_opened", first.email), ("dispute_opened", second.email)]
    assert mails(shop) == expected
    shop.decide_dispute(dispute, "escalate")
    shop.hear()
    assert sorted(mails(shop)) == sorted(expected * 2)
    shop.decide_dispute(dispute, "lose")
    shop.hear()
    assert len(mails(shop)) == 4


def test_finance_is_reminded_seven_three_and_one_days_before_the_end_once_each(
    shop: Shop, test_clock: FixedClock
) -> None:
    shop.hold_time()
    shop.person("finance")
    sold(shop)
    dispute = open_one(shop)
    told = []
    for _ in range(10):
        dispute_letters.remind_due()
        told.append(sum(kind == "dispute_due" for kind, _ in mails(shop)))
        test_clock.advance(timedelta(days=1))
    assert told == [0, 0, 1, 1, 1, 1, 2, 2, 3, 3]
    shop.decide_dispute(dispute, "win")


def test_finance_hears_of_a_warning_with_what_we_suggest(shop: Shop) -> None:
    finance = shop.person("finance")
    shop.sell(shop.person(), shop.course(Money(900, "usd")))
    for _ in range(2):
        shop.stand_in.control(f"/charges/{shop.payments()[0].stripe_charge_id}/warnings", {})
        shop.hear()
    assert mails(shop) == [("fraud_warned", finance.email)] * 2
    with db.reading() as session:
        letters = session.scalars(
            text("SELECT letter->>'advice' FROM mail WHERE kind = 'fraud_warned'")
        ).all()
    assert all("suggest to refund it in full" in letter for letter in letters)
    assert shop.refunds() == []
