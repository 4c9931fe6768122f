"""3-D Secure: the customer is asked, and the money waits for the answer."""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import stripe

from tests.sandbox.stripe.purchases import NO_REDIRECTS, declined, pay, told
from tests.sandbox.stripe.stand_in import StandIn

RETURN_URL = "http://shop.test/done?order=7"


def redirected(
    client: stripe.StripeClient, card: str = "pm_card_threeDSecure2Required"
) -> tuple[stripe.PaymentIntent, str]:
    """An intent that waits for its customer, and the path of the page that asks."""
    waiting = client.v1.payment_intents.create(
        {"amount": 4900, "currency": "usd", "payment_method": card, "confirm": True, "return_url": RETURN_URL}
    )
    assert waiting.status == "requires_action"
    assert waiting.next_action is not None
    assert waiting.next_action.redirect_to_url is not None
    assert waiting.next_action.redirect_to_url.return_url == RETURN_URL
    target = urlsplit(str(waiting.next_action.redirect_to_url.url))
    return waiting, f"{target.path}?{target.query}"


def answer(stand_in: StandIn, page: str, outcome: str) -> dict[str, list[str]]:
    """Presses a button of the page; the query of where the customer is sent."""
    sent = stand_in.raw("POST", page, body=urlencode({"outcome": outcome}).encode())
    assert sent.status == 303
    target = urlsplit(sent.headers["Location"])
    assert (target.netloc, target.path) == ("shop.test", "/done")
    return parse_qs(target.query)


def test_the_page_asks_and_an_approval_pays(client: stripe.StripeClient, stand_in: StandIn) -> None:
    waiting, page = redirected(client)
    shown = stand_in.raw("GET", page)
    assert shown.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "$49.00" in shown.body.decode()
    assert shown.body.decode().count("<button") == 2

    query = answer(stand_in, page, "approve")
    assert query["order"] == ["7"]
    assert query["payment_intent"] == [waiting.id]
    assert query["payment_intent_client_secret"] == [waiting.client_secret]
    assert query["redirect_status"] == ["succeeded"]
    done = client.v1.payment_intents.retrieve(waiting.id, {"expand": ["latest_charge"]})
    charge = done.latest_charge
    assert isinstance(charge, stripe.Charge)
    assert charge.payment_method_details is not None
    assert charge.payment_method_details.card is not None
    assert charge.payment_method_details.card.three_d_secure is not None
    assert charge.payment_method_details.card.three_d_secure.result == "authenticated"
    assert told(client) == [
        "payment_intent.created", "payment_intent.requires_action", "charge.succeeded", "payment_intent.succeeded",
    ]  # fmt: skip
    assert "needs no authentication" in stand_in.raw("GET", page).body.decode()
    assert stand_in.raw("POST", page, body=b"outcome=approve").status == 400


def test_a_failed_authentication_leaves_no_charge(client: stripe.StripeClient, stand_in: StandIn) -> None:
    waiting, page = redirected(client)
    assert answer(stand_in, page, "fail")["redirect_status"] == ["failed"]
    back = client.v1.payment_intents.retrieve(waiting.id)
    assert (back.status, back.latest_charge, back.next_action) == ("requires_payment_method", None, None)
    assert back.last_payment_error is not None
    assert back.last_payment_error.code == "payment_intent_authentication_failure"
    assert told(client)[-1] == "payment_intent.payment_failed"


def test_a_bank_may_decline_after_the_authentication(client: stripe.StripeClient, stand_in: StandIn) -> None:
    waiting, page = redirected(client, "pm_card_threeDSecureRequiredChargeDeclined")
    assert answer(stand_in, page, "approve")["redirect_status"] == ["failed"]
    back = client.v1.payment_intents.retrieve(waiting.id)
    assert back.last_payment_error is not None
    assert back.last_payment_error.code == "card_declined"
    assert back.latest_charge is not None


def test_without_a_return_url_the_phone_is_asked_and_a_control_answers(
    client: stripe.StripeClient, phone: stripe.StripeClient, stand_in: StandIn
) -> None:
    made = client.v1.payment_intents.create({"amount": 4900, "currency": "usd"})
    waiting = stand_in.raw(
        "POST",
        f"/v1/payment_intents/{made.id}/confirm",
        body=urlencode(
            {"client_secret": str(made.client_secret), "payment_method": "pm_card_authenticationRequired"}
        ).encode(),
        headers={"Authorization": "Bearer pk_test_azora"},
    ).json
    assert (waiting["status"], waiting["next_action"]["type"]) == ("requires_action", "use_stripe_sdk")
    path = f"/payment_intents/{made.id}/authenticate"
    assert stand_in.control(path, {"outcome": "approve"})["status"] == "succeeded"
    again = stand_in.raw("POST", f"/_sandbox{path}", body=b'{"outcome": "approve"}')
    assert (again.status, again.json["error"]["code"]) == (400, "payment_intent_unexpected_state")
    seen = phone.v1.payment_intents.retrieve(made.id, {"client_secret": str(made.client_secret)})
    assert seen.status == "succeeded"


def test_off_session_a_card_that_wants_its_customer_is_declined(client: stripe.StripeClient) -> None:
    error = declined(client, "pm_card_authenticationRequired", off_session=True)
    assert (error.code, error.decline_code) == ("authentication_required", "authentication_required")
    assert error.payment_intent.latest_charge is not None


def test_a_caller_may_refuse_to_ask_the_customer(client: stripe.StripeClient) -> None:
    error = declined(client, "pm_card_threeDSecure2Required", error_on_requires_action=True)
    assert error.code == "authentication_required"
    assert error.payment_intent.latest_charge is None


def test_a_card_that_was_set_up_pays_off_session_and_is_asked_on_session(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"payment_method": "pm_card_authenticationRequiredOnSetup"})
    (method,) = client.v1.payment_methods.list({"customer": customer.id}).data
    assert pay(client, customer=customer.id, payment_method=method.id, off_session=True).status == "succeeded"
    assert pay(client, customer=customer.id, payment_method=method.id).status == "requires_action"


def test_an_abandoned_authentication_can_be_canceled_or_tried_again(client: stripe.StripeClient) -> None:
    first, _ = redirected(client)
    assert client.v1.payment_intents.cancel(first.id).status == "canceled"
    second, _ = redirected(client)
    again = client.v1.payment_intents.confirm(
        second.id, {"payment_method": "pm_card_visa", "return_url": RETURN_URL}
    )
    assert again.status == "succeeded"


def test_a_card_that_only_supports_it_is_not_asked(client: stripe.StripeClient) -> None:
    assert pay(client, payment_method="pm_card_threeDSecureOptional", **NO_REDIRECTS).status == "succeeded"


@pytest.mark.parametrize("path", ["/hosted/nothing", "/hosted/authenticate/pi_1?client_secret=x"])
def test_a_page_that_is_not_there_is_404(stand_in: StandIn, path: str) -> None:
    assert stand_in.raw("GET", path).status == 404
