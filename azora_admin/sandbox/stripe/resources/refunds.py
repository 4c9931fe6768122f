"""Refunds: create, retrieve, update, list, cancel. How one goes on is in refunding.py."""

from __future__ import annotations

from azora_admin.core.money import Money, money_text
from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.disputing import refuse_refund_while_disputed
from azora_admin.sandbox.stripe.errors import ApiError, refused_parameter
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.listing import list_objects
from azora_admin.sandbox.stripe.params import CREATED, METADATA, PAGE, Integer, Text, accepts, merge_metadata
from azora_admin.sandbox.stripe.refunding import END_TASK, end_refund, start_refund, undo_refund
from azora_admin.sandbox.stripe.registry import Call, Kind, Routes
from azora_admin.sandbox.stripe.shared_shapes import changes


def present(_book: Book, shown: Json) -> Json:
    """A refund has no livemode."""
    del shown["livemode"]
    return shown


KINDS = (
    Kind(
        "refund",
        "re",
        expandable=frozenset(
            {
                "balance_transaction",
                "charge",
                "customer",
                "failure_balance_transaction",
                "payment_intent",
                "payment_method",
            }
        ),
        filters=("charge", "payment_intent"),
        present=present,
    ),
)
ROUTES = Routes()
LATER = {END_TASK: end_refund}

_CREATE = accepts(
    METADATA,
    amount=Integer(least=1),
    charge=Text(),
    payment_intent=Text(),
    reason=Text(choices=("duplicate", "fraudulent", "requested_by_customer")),
)
_LIST = accepts(PAGE, CREATED, charge=Text(), payment_intent=Text())


@ROUTES.post("/v1/refunds", _CREATE)
def create(call: Call, book: Book) -> Json:
    charge = _charge_to_refund(call, book)
    refuse_refund_while_disputed(book, charge)
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise ApiError(
            400, f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    amount = call.params.get("amount", left)
    if amount > left:
        asked, rest = (money_text(Money(one, charge["currency"])) for one in (amount, left))
        raise ApiError(
            400,
            f"Refund amount ({asked}) is greater than unrefunded amount on charge ({rest})",
            param="amount",
        )
    return book.present(start_refund(book, charge, amount, call.params))


@ROUTES.get("/v1/refunds/{refund}", accepts())
def retrieve(call: Call, book: Book) -> Json:
    return book.present(book.get("refund", call.path["refund"], "id"))


@ROUTES.post("/v1/refunds/{refund}", accepts(METADATA))
def update(call: Call, book: Book) -> Json:
    refund = book.get("refund", call.path["refund"], "id")
    before = book.present(refund)
    if "metadata" in call.params:
        refund["metadata"] = merge_metadata(refund["metadata"], call.params["metadata"])
    book.save(refund)
    if previous := changes(before, book.present(refund)):
        book.emit("refund.updated", refund, previous)
        book.emit("charge.refund.updated", refund, previous)
    return book.present(refund)


@ROUTES.get("/v1/refunds", _LIST)
def list_all(call: Call, book: Book) -> Json:
    return list_objects(book, "refund", call.params, url="/v1/refunds")


@ROUTES.post("/v1/refunds/{refund}/cancel", accepts())
def cancel(call: Call, book: Book) -> Json:
    refund = book.get("refund", call.path["refund"], "id")
    if refund["status"] != "requires_action":
        raise ApiError(
            400,
            f"You cannot cancel a refund that has a status of {refund['status']}; it must be requires_action.",
        )
    undo_refund(book, refund, "canceled")
    book.emit("refund.updated", refund, {"status": "requires_action"})
    book.emit("charge.refund.updated", refund, {"status": "requires_action"})
    return book.present(refund)


def _charge_to_refund(call: Call, book: Book) -> Json:
    given = call.params
    if ("charge" in given) == ("payment_intent" in given):
        raise refused_parameter(
            "One of the following params should be provided for this request: payment_intent or charge.",
            None,
            "parameter_missing" if "charge" not in given else None,
        )
    if "charge" in given:
        charge: Json | None = book.get("charge", given["charge"], "charge")
        whose = charge["payment_intent"] if charge else None
    else:
        intent = book.get("payment_intent", given["payment_intent"], "payment_intent")
        whose = intent["id"]
        charge = book.find("charge", intent["latest_charge"] or "")
    if charge is None or not charge["paid"] or not charge["captured"]:
        raise ApiError(400, f"This PaymentIntent ({whose}) does not have a successful charge to refund.")
    return charge
