"""An event is handled once, in one commit; what can't be handled waits with its reason, and then for a person."""

from __future__ import annotations

from typing import Any

import pytest

from azora_admin.core.ids import new_id
from azora_admin.flows import asking
from azora_admin.jobs import stripe_events
from azora_admin.messaging import inbox
from azora_admin.payments.rules.settlement import Mismatch
from tests.selling import Books, Shop

pytestmark = pytest.mark.usefixtures("test_clock")


def handle_until_parked(shop: Shop, event: Any) -> str:
    """Handle the event as often as the inbox tries. Returns the reason that it is parked with."""
    event_id = shop.receive(event)
    for _ in range(inbox.TRIES):
        assert shop.inbox()[event_id].state == "received"
        stripe_events.handle(shop.stripe, event_id)
    row = shop.inbox()[event_id]
    assert (row.state, row.attempts) == ("parked", inbox.TRIES)
    assert row.last_error is not None
    return row.last_error


def succeeded(shop: Shop) -> Any:
    (event,) = shop.events("payment_intent.succeeded")
    return event


@pytest.mark.parametrize(
    "changes",
    [{"amount": 100}, {"amount": 4901}, {"currency": "eur"}, {"customer": "another"}],
    ids="".join,
)
def test_money_that_is_not_what_we_asked_for_grants_nothing_and_waits_for_a_person(
    shop: Shop, changes: dict[str, Any]
) -> None:
    bought = shop.order(shop.person(), shop.course())
    intent_id = str(bought.payment.stripe_payment_intent_id)
    if "customer" in changes:
        changes = {"customer": shop.office.v1.customers.create({}).id}
    shop.office.v1.payment_intents.update(intent_id, changes)  # type: ignore[arg-type]
    assert shop.confirm(bought) == "succeeded"
    reason = handle_until_parked(shop, succeeded(shop))
    assert reason.startswith("Mismatch: ")
    assert intent_id in reason
    assert "secret" not in reason
    assert shop.books() == Books([("pending", 4900, "usd", None, None)], [], [])
    with pytest.raises(Mismatch):
        asking.ask(shop.stripe, bought.payment.id)
    assert shop.books().entries == []


def test_an_event_that_failed_is_handled_when_its_cause_is_gone(shop: Shop) -> None:
    shop.confirm(shop.order(shop.person(), shop.course()))
    event = succeeded(shop)
    shop.fail_next("/v1/payment_intents/*", "reset_before", method="GET")
    shop.handle([event])
    row = shop.inbox()[event.id]
    assert (row.state, row.attempts) == ("received", 1)
    assert row.last_error is not None
    assert row.last_error.startswith("NoAnswer: ")
    shop.handle([event])
    assert shop.inbox()[event.id].state == "handled"
    assert shop.payment().status == "completed"


def test_a_parked_event_that_is_handled_by_hand_is_finished(shop: Shop) -> None:
    shop.confirm(shop.order(shop.person(), shop.course()))
    shop.fail_next("/v1/payment_intents/*", "reset_before", method="GET", times=inbox.TRIES)
    event = succeeded(shop)
    handle_until_parked(shop, event)
    stripe_events.handle(shop.stripe, event.id)
    assert shop.inbox()[event.id].state == "handled"
    assert len(shop.books().grants) == 1


@pytest.mark.parametrize("metadata", [{}, {"payment_id": ""}, {"payment_id": "42"}, {"other": "x"}])
def test_an_intent_that_somebody_else_made_is_ignored(shop: Shop, metadata: dict[str, str]) -> None:
    shop.office.v1.payment_intents.create(
        {
            "amount": 100,
            "currency": "usd",
            "confirm": True,
            "payment_method": "pm_card_visa",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": metadata,
        }
    )
    shop.tell_fees()
    shop.hear()
    assert {row.state for row in shop.inbox().values()} == {"ignored"}
    assert shop.books() == Books([], [], [])


def test_an_intent_of_a_payment_that_we_do_not_have_is_tried_and_then_parked(shop: Shop) -> None:
    shop.office.v1.payment_intents.create(
        {
            "amount": 100,
            "currency": "usd",
            "confirm": True,
            "payment_method": "pm_card_visa",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": {"payment_id": str(new_id())},
        }
    )
    assert handle_until_parked(shop, succeeded(shop)).startswith("NotYetKnown: ")


def test_a_second_intent_that_claims_our_payment_is_not_taken_for_it(shop: Shop) -> None:
    bought = shop.order(shop.person(), shop.course())
    shop.office.v1.payment_intents.create(
        {
            "amount": 4900,
            "currency": "usd",
            "confirm": True,
            "payment_method": "pm_card_visa",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "metadata": {"payment_id": str(bought.payment.id)},
        }
    )
    handle_until_parked(shop, succeeded(shop))
    assert shop.books() == Books([("pending", 4900, "usd", None, None)], [], [])


def test_a_type_that_we_have_no_use_for_is_ignored_without_a_call(shop: Shop) -> None:
    shop.order(shop.person(), shop.course())
    (event,) = shop.events("payment_intent.created")
    shop.fail_next("*", "500_before", method="*")
    shop.handle([event])
    assert shop.inbox()[event.id].state == "ignored"
    assert len(shop.stand_in.control("/faults")["faults"]) == 1


def test_an_event_of_an_object_that_is_not_there_waits_with_its_reason(shop: Shop) -> None:
    shop.order(shop.person(), shop.course())
    (event,) = shop.events("payment_intent.created")
    event.type, event.data.object["id"] = "payment_intent.succeeded", "pi_gone"
    shop.handle([event])
    row = shop.inbox()[event.id]
    assert row.state == "received"
    assert row.last_error is not None
    assert "resource_missing" in row.last_error


def test_an_event_that_nobody_received_is_nothing_to_do(shop: Shop) -> None:
    stripe_events.handle(shop.stripe, "evt_unknown")
    assert shop.inbox() == {}
