"""What an operator or a test may do to a running stand-in, under ``/_sandbox``; JSON in, JSON out, no key.

GET  /_sandbox/state                      counts, pending deliveries, stalled requests, clock
GET  /_sandbox/settings                   see settings.py
POST /_sandbox/settings                   {name: value, …}: changes those named
POST /_sandbox/clock                      {"now": epoch | null, "advance": seconds, "frozen": bool}: null is real time;
                                          a moved clock ticks on unless it is frozen
POST /_sandbox/settle                     does everything due later now: balance transactions, refunds
GET, POST /_sandbox/deliveries            see mischief.py; what is not named is off; {} is good behaviour
POST /_sandbox/deliveries/release         {"shuffle": seed | bool, "limit": n}: lets held deliveries go
POST /_sandbox/deliveries/retry           every delivery that waits for its next attempt is due now
GET  /_sandbox/faults                     the faults in wait
POST /_sandbox/faults                     [{"method", "path", "kind", "times"}, …]: kinds in faults.py, path may hold *
POST /_sandbox/faults/clear               forgets them; stalled requests go on
POST /_sandbox/events/{id}/resend         delivers an old event again
GET  /_sandbox/events/{id}/deliveries     its deliveries with every attempt
POST /_sandbox/payment_intents/{id}/authenticate   {"outcome": "approve" | "fail"}: the customer's 3-D Secure
POST /_sandbox/payment_intents/{id}/bank  {"outcome": "succeed" | "fail"}: a charge that was processing
POST /_sandbox/setup_intents/{id}/authenticate     {"outcome": "approve" | "fail"}: the customer's 3-D Secure
POST /_sandbox/payment_methods/{id}       {"last4", "exp_month", "exp_year"}: the bank sent another card
POST /_sandbox/refunds/{id}               {"outcome": "succeed" | "fail" | "require_action"}
POST /_sandbox/charges/{id}/disputes      {"amount", "reason", "inquiry": bool, "withdraw": bool}: a bank asks for money
POST /_sandbox/charges/{id}/warnings      {"fraud_type"}: an early fraud warning
POST /_sandbox/disputes/{id}              {"outcome": see disputing.OUTCOMES}
POST /_sandbox/balance_transactions       [{"type", "source", "amount", "currency", …}, …]: see statement.py
POST /_sandbox/balance_transactions/{id}  {"amount" | "fee" | "currency" | "source": …} or {"gone": true}
POST /_sandbox/reset                      forgets everything
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeAlias

from azora_admin.sandbox.stripe.announcements import plan_again, release
from azora_admin.sandbox.stripe.clock import Clock
from azora_admin.sandbox.stripe.clockwork import do_due_tasks
from azora_admin.sandbox.stripe.confirming import authenticate, decide_charge
from azora_admin.sandbox.stripe.deliveries import describe
from azora_admin.sandbox.stripe.dispatch import Incoming, Outgoing, json_answer
from azora_admin.sandbox.stripe.dispute_shapes import REASONS
from azora_admin.sandbox.stripe.disputing import OUTCOMES, open_dispute
from azora_admin.sandbox.stripe.disputing import decide as decide_about
from azora_admin.sandbox.stripe.errors import ApiError, refused_parameter
from azora_admin.sandbox.stripe.faults import read_fault
from azora_admin.sandbox.stripe.fraud_warnings import warn
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.mischief import read_mischief
from azora_admin.sandbox.stripe.refunding import decide_refund
from azora_admin.sandbox.stripe.setting_up import authenticate_setup
from azora_admin.sandbox.stripe.settings import Settings
from azora_admin.sandbox.stripe.statement import change_line, write_line
from azora_admin.sandbox.stripe.world import World

Control: TypeAlias = Callable[[World, Any, str], Json]


def respond(world: World, incoming: Incoming) -> Outgoing:
    """The answer to one control."""
    for method, pattern, control in _CONTROLS:
        match = re.fullmatch(pattern, incoming.path.removeprefix("/_sandbox"))
        if method == incoming.method and match:
            try:
                given = json.loads(incoming.body or b"{}")
                return json_answer(control(world, given, match.group(1) if match.groups() else ""))
            except ValueError as error:
                return json_answer({"error": {"message": str(error), "type": "invalid_request_error"}}, 400)
            except ApiError as error:
                return json_answer(error.body, error.status)
    return json_answer(
        {"error": {"message": "There is no such control.", "type": "invalid_request_error"}}, 404
    )


def state(world: World, _given: Any, _id: str) -> Json:
    with world.transaction() as book:
        counts = book.store.rows("SELECT kind, count(*) FROM object WHERE gone = 0 GROUP BY kind")
        deliveries = dict(book.store.rows("SELECT state, count(*) FROM delivery GROUP BY state"))
        later = book.store.row("SELECT count(*) FROM later")
        return {
            "objects": dict(counts),
            "deliveries": deliveries,
            "pending_deliveries": deliveries.get("pending", 0) + deliveries.get("held", 0),
            "due_later": later[0] if later else 0,
            "stalled_requests": world.faults.stalled,
            "now": book.now,
            "clock": asdict(world.clock),
        }


def read_settings(world: World, _given: Any, _id: str) -> Json:
    return world.settings.as_json()


def change_settings(world: World, given: Any, _id: str) -> Json:
    with world.store.transaction():
        world.keep("settings", world.settings.changed(given).as_json())
    return world.settings.as_json()


def set_clock(world: World, given: Any, _id: str) -> Json:
    with world.store.transaction():
        clock = Clock() if given.get("now", 0) is None else world.clock
        if given.get("frozen") is not None:
            clock = clock.held() if given["frozen"] else clock.released()
        if given.get("now") is not None:
            clock = clock.moved_to(float(given["now"]))
        if given.get("advance"):
            clock = clock.moved_to(clock.now() + float(given["advance"]))
        world.keep("clock", asdict(clock))
    do_due_tasks(world)
    return {"now": world.clock.now(), "clock": asdict(world.clock)}


def settle(world: World, _given: Any, _id: str) -> Json:
    return {"done": do_due_tasks(world, until=float("inf"))}


def read_deliveries(world: World, _given: Any, _id: str) -> Json:
    return world.mischief.as_json()


def set_deliveries(world: World, given: Any, _id: str) -> Json:
    mischief = read_mischief(given)
    with world.store.transaction():
        world.keep("mischief", mischief.as_json())
    return world.mischief.as_json()


def release_deliveries(world: World, given: Any, _id: str) -> Json:
    with world.transaction() as book:
        book.wakes = True
        return {
            "released": release(
                book, world.mischief, shuffle=given.get("shuffle", False), limit=given.get("limit")
            )
        }


def retry_deliveries(world: World, _given: Any, _id: str) -> Json:
    with world.transaction() as book:
        book.wakes = True
        return {"due": book.store.run("UPDATE delivery SET due_at = ? WHERE state = 'pending'", (book.now,))}


def read_faults(world: World, _given: Any, _id: str) -> Json:
    return {"faults": world.faults.as_json()}


def add_faults(world: World, given: Any, _id: str) -> Json:
    for fault in [read_fault(one) for one in (given if isinstance(given, list) else [given])]:
        world.faults.add(fault)
    return {"faults": world.faults.as_json()}


def clear_faults(world: World, _given: Any, _id: str) -> Json:
    world.faults.clear()
    return {"faults": []}


def resend(world: World, _given: Any, event_id: str) -> Json:
    with world.transaction() as book:
        event = book.get("event", event_id, "id")
        book.wakes = True
        return {"deliveries": plan_again(book, event)}


def read_event_deliveries(world: World, _given: Any, event_id: str) -> Json:
    return {"deliveries": describe(world, event_id)}


def authenticate_intent(world: World, given: Any, intent_id: str) -> Json:
    if given.get("outcome") not in ("approve", "fail"):
        raise refused_parameter("outcome is approve or fail", "outcome")
    with world.transaction() as book:
        intent = book.get("payment_intent", intent_id, "intent")
        authenticate(book, intent, given["outcome"])
        return book.present(intent)


def decide_intent(world: World, given: Any, intent_id: str) -> Json:
    if given.get("outcome") not in ("succeed", "fail"):
        raise refused_parameter("outcome is succeed or fail", "outcome")
    with world.transaction() as book:
        intent = book.get("payment_intent", intent_id, "intent")
        decide_charge(book, intent, given["outcome"])
        return book.present(intent)


def authenticate_setup_intent(world: World, given: Any, intent_id: str) -> Json:
    if given.get("outcome") not in ("approve", "fail"):
        raise refused_parameter("outcome is approve or fail", "outcome")
    with world.transaction() as book:
        intent = book.get("setup_intent", intent_id, "intent")
        authenticate_setup(book, intent, given["outcome"])
        return book.present(intent)


def renew_method(world: World, given: Any, method_id: str) -> Json:
    with world.transaction() as book:
        method = book.get("payment_method", method_id, "payment_method")
        before = {name: method["card"][name] for name in given}
        method["card"] |= given
        book.save(method)
        book.emit("payment_method.automatically_updated", method, {"card": before})
        return book.present(method)


def decide(world: World, given: Any, refund_id: str) -> Json:
    if given.get("outcome") not in ("succeed", "fail", "require_action"):
        raise refused_parameter("outcome is succeed, fail or require_action", "outcome")
    with world.transaction() as book:
        refund = book.get("refund", refund_id, "refund")
        decide_refund(book, refund, given["outcome"])
        return book.present(refund)


def dispute_charge(world: World, given: Any, charge_id: str) -> Json:
    reason = given.get("reason", "fraudulent")
    if reason not in REASONS:
        raise refused_parameter(f"reason is one of {', '.join(REASONS)}", "reason")
    with world.transaction() as book:
        dispute = open_dispute(
            book,
            book.get("charge", charge_id, "charge"),
            amount=given.get("amount"),
            reason=reason,
            is_inquiry=bool(given.get("inquiry")),
            withdraws=given.get("withdraw", True),
        )
        return book.present(dispute)


def decide_dispute(world: World, given: Any, dispute_id: str) -> Json:
    if given.get("outcome") not in OUTCOMES:
        raise refused_parameter(f"outcome is one of {', '.join(OUTCOMES)}", "outcome")
    with world.transaction() as book:
        dispute = book.get("dispute", dispute_id, "dispute")
        decide_about(book, dispute, given["outcome"])
        return book.present(dispute)


def warn_of_fraud(world: World, given: Any, charge_id: str) -> Json:
    with world.transaction() as book:
        charge = book.get("charge", charge_id, "charge")
        return book.present(warn(book, charge, given.get("fraud_type", "made_with_stolen_card")))


def write_lines(world: World, given: Any, _id: str) -> Json:
    with world.transaction() as book:
        return {"written": [write_line(book, one)["id"] for one in given]}


def change_one_line(world: World, given: Any, line_id: str) -> Json:
    with world.transaction() as book:
        return book.present(change_line(book, line_id, given))


def reset(world: World, _given: Any, _id: str) -> Json:
    world.faults.clear()
    with world.store.transaction():
        world.store.empty()
        world.read_back()
    world.alarm.set()
    return {"settings": Settings().as_json()}


_CONTROLS: tuple[tuple[str, str, Control], ...] = (
    ("GET", "/state", state),
    ("GET", "/settings", read_settings),
    ("POST", "/settings", change_settings),
    ("POST", "/clock", set_clock),
    ("POST", "/settle", settle),
    ("GET", "/deliveries", read_deliveries),
    ("POST", "/deliveries", set_deliveries),
    ("POST", "/deliveries/release", release_deliveries),
    ("POST", "/deliveries/retry", retry_deliveries),
    ("GET", "/faults", read_faults),
    ("POST", "/faults", add_faults),
    ("POST", "/faults/clear", clear_faults),
    ("POST", "/events/([^/]+)/resend", resend),
    ("GET", "/events/([^/]+)/deliveries", read_event_deliveries),
    ("POST", "/payment_intents/([^/]+)/authenticate", authenticate_intent),
    ("POST", "/payment_intents/([^/]+)/bank", decide_intent),
    ("POST", "/setup_intents/([^/]+)/authenticate", authenticate_setup_intent),
    ("POST", "/payment_methods/([^/]+)", renew_method),
    ("POST", "/refunds/([^/]+)", decide),
    ("POST", "/charges/([^/]+)/disputes", dispute_charge),
    ("POST", "/charges/([^/]+)/warnings", warn_of_fraud),
    ("POST", "/disputes/([^/]+)", decide_dispute),
    ("POST", "/balance_transactions", write_lines),
    ("POST", "/balance_transactions/([^/]+)", change_one_line),
    ("POST", "/reset", reset),
)
