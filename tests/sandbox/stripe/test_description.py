"""The description itself: it is only worth something if it refuses."""

from __future__ import annotations

from typing import Any

import stripe

from tests.sandbox.stripe.description import (
    complaints_of_answer,
    complaints_of_object,
    complaints_of_request,
    operations,
)


def a_balance_transaction(**changes: Any) -> dict[str, Any]:
    return {
        "id": "txn_1", "object": "balance_transaction", "amount": 100, "available_on": 1, "balance_type": "payments",
        "created": 1, "currency": "usd", "fee": 0, "fee_details": [], "net": 100, "reporting_category": "charge",
        "status": "available", "type": "charge",
    } | changes  # fmt: skip


def test_a_sound_object_passes() -> None:
    assert complaints_of_object("balance_transaction", a_balance_transaction()) == []


def test_a_missing_property_a_wrong_type_and_an_invented_property_are_complained_of() -> None:
    short = a_balance_transaction()
    del short["net"]
    assert "net" in complaints_of_object("balance_transaction", short)[0]
    assert complaints_of_object("balance_transaction", a_balance_transaction(amount="100"))
    assert complaints_of_object("balance_transaction", a_balance_transaction(colour="red"))
    assert complaints_of_object("balance_transaction", a_balance_transaction(fee_details=[{"amount": 1}]))


def test_a_name_that_stripe_does_not_use_is_complained_of_even_where_the_set_is_open() -> None:
    assert complaints_of_object("balance_transaction", a_balance_transaction(type="present"))


def test_an_expanded_object_is_checked_as_deep_as_it_goes() -> None:
    assert complaints_of_object("balance_transaction", a_balance_transaction(source="ch_1")) == []
    assert complaints_of_object("balance_transaction", a_balance_transaction(source={"object": "charge"}))


def test_requests_are_read_by_the_sdks_parameter_types() -> None:
    path = "/v1/payment_intents"
    assert complaints_of_request("POST", path, "amount=100&currency=usd&expand[0]=latest_charge") == []
    assert complaints_of_request("POST", path, "amount=much&currency=usd")
    assert complaints_of_request("POST", path, "currency=usd")
    assert complaints_of_request("POST", path, "amount=100&currency=usd&payment_method_types[0]=card")
    assert complaints_of_request("GET", "/v1/refunds", "created[gte]=12&limit=3") == []
    assert complaints_of_request("GET", "/v1/refunds", "created[after]=12")


def test_an_unknown_call_and_an_error_without_a_type_are_complained_of() -> None:
    assert complaints_of_answer("GET", "/v1/nothing", 200, {})
    assert complaints_of_answer("GET", "/v1/balance", 404, {"error": {"message": "?"}})
    assert complaints_of_answer("GET", "/v1/balance", 404, {"error": {"type": "api_error"}}) == []


def test_the_description_is_of_the_version_we_pin() -> None:
    assert stripe.api_version == "2026-10-28.endive"
    assert len(operations()) > 150
