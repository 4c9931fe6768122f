"""A payer's page of a payment, the way back from the bank, and the cards they saved: all without script."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from azora_admin.app import create_app
from azora_admin.core.ids import new_id
from azora_admin.flows.checkout import Purchase
from azora_admin.identity.rules import SignedIn
from tests.pages.conftest import Browser
from tests.pages.test_refunds import press
from tests.selling import Shop

pytestmark = pytest.mark.usefixtures("test_clock")


@pytest.fixture
def app(shop: Shop) -> Flask:
    """The whole application, with the stand-in behind it."""
    return create_app(shop.settings)


@pytest.fixture
def payer(shop: Shop) -> SignedIn:
    return shop.person()


@pytest.fixture
def page(payer: SignedIn, browser: Browser) -> FlaskClient:
    return browser(payer.email)


@pytest.fixture
def bought(shop: Shop, payer: SignedIn) -> Purchase:
    return shop.order(payer, shop.course(title="Watercolour"))


def address(bought: Purchase, more: str = "") -> str:
    return f"/account/payments/{bought.payment.id}{more}"


def test_whoever_comes_back_from_the_bank_sees_it_paid_before_any_event_came(
    shop: Shop, page: FlaskClient, bought: Purchase
) -> None:
    shop.confirm(bought)
    answer = page.get(address(bought, "/return?redirect_status=failed"))
    assert (answer.status_code, answer.headers["Location"]) == (303, address(bought))
    assert "It is paid" in page.get(address(bought)).text
    assert len(shop.books().grants) == 1
    books = shop.books()
    page.get(address(bought, "/return"))
    shop.hear()
    assert shop.books() == books


def test_what_the_address_says_is_not_believed(shop: Shop, page: FlaskClient, bought: Purchase) -> None:
    page.get(address(bought, f"/return?redirect_status=succeeded&payment_intent={new_id()}"))
    assert (shop.payment().status, shop.books().entries) == ("pending", [])
    shown = page.get(address(bought)).text
    assert "It waits for you" in shown
    assert "It is paid" not in shown


def test_a_decline_says_what_to_do(shop: Shop, page: FlaskClient, bought: Purchase) -> None:
    shop.confirm(bought, "pm_card_visa_chargeDeclinedInsufficientFunds")
    page.get(address(bought, "/return"))
    shown = page.get(address(bought)).text
    assert "The card has insufficient funds." in shown
    assert "pay with another card" in shown


def test_what_the_bank_still_works_on_is_looked_at_again(
    shop: Shop, page: FlaskClient, bought: Purchase
) -> None:
    shop.stand_in.control("/settings", {"bank_takes_its_time": 1})
    shop.confirm(bought)
    page.get(address(bought, "/return"))
    shown = page.get(address(bought)).text
    assert "The bank is still working on it." in shown
    assert 'hx-trigger="every 3s"' in shown
    assert "Cancel this payment" not in shown


def test_a_silent_stripe_leaves_the_page_as_it_is(shop: Shop, page: FlaskClient, bought: Purchase) -> None:
    shop.fail_next("/v1/payment_intents/*", "reset_before", method="GET", times=3)
    assert page.get(address(bought, "/return")).status_code == 303
    assert page.get(address(bought)).status_code == 200


def test_somebody_elses_payment_is_not_there(shop: Shop, bought: Purchase, browser: Browser) -> None:
    stranger = browser(shop.person().email)
    for more in ("", "/return"):
        assert stranger.get(address(bought, more)).status_code == 404


def test_a_payment_is_cancelled_on_its_page(shop: Shop, page: FlaskClient, bought: Purchase) -> None:
    assert press(page, page.get(address(bought)).text, "Cancel this payment").status_code == 303
    assert "It was given up" in page.get(address(bought)).text
    assert [intent.status for intent in shop.intents()] == ["canceled"]


def test_what_was_paid_meanwhile_is_told_and_not_cancelled(
    shop: Shop, page: FlaskClient, bought: Purchase
) -> None:
    form = page.get(address(bought)).text
    shop.confirm(bought)
    assert press(page, form, "Cancel this payment").status_code == 303
    shown = page.get(address(bought)).text
    assert "ask for a refund instead" in shown
    assert "It is paid" in shown


def test_saved_cards_are_listed_chosen_and_removed(shop: Shop, payer: SignedIn, page: FlaskClient) -> None:
    assert "No saved cards" in page.get("/account/cards").text
    shop.save(payer)
    shop.save(payer, "pm_card_mastercard")
    shown = page.get("/account/cards").text
    assert shown.count("12/2034") == 2
    assert press(page, shown, "Make default").status_code == 303
    assert [one.is_default for one in shop.methods(payer)] == [False, True]
    assert press(page, page.get("/account/cards").text, "Remove").status_code == 303
    assert [one.brand for one in shop.methods(payer)] == ["mastercard"]
