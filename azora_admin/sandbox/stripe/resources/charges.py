"""Charges: retrieve and list. They come to be by payment intents (charging.py)."""

from __future__ import annotations

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.listing import list_objects
from azora_admin.sandbox.stripe.params import CREATED, PAGE, Text, accepts
from azora_admin.sandbox.stripe.registry import Call, Kind, Routes

KINDS = (
    Kind(
        "charge",
        "ch",
        expandable=frozenset(
            {"balance_transaction", "customer", "failure_balance_transaction", "payment_intent"}
        ),
        filters=("customer", "payment_intent", "transfer_group"),
    ),
)
ROUTES = Routes()
_LIST = accepts(PAGE, CREATED, customer=Text(), payment_intent=Text(), transfer_group=Text())


@ROUTES.get("/v1/charges/{charge}", accepts())
def retrieve(call: Call, book: Book) -> Json:
    return book.present(book.get("charge", call.path["charge"], "id"))


@ROUTES.get("/v1/charges", _LIST)
def list_all(call: Call, book: Book) -> Json:
    return list_objects(book, "charge", call.params, url="/v1/charges")
