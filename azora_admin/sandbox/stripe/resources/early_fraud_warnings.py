"""Early fraud warnings: retrieve and list. They come by card or by control (fraud_warnings.py)."""

from __future__ import annotations

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.fraud_warnings import WARN_TASK, warn_by_card
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.listing import list_objects
from azora_admin.sandbox.stripe.params import CREATED, PAGE, Text, accepts
from azora_admin.sandbox.stripe.registry import Call, Kind, Routes

_KIND = "radar.early_fraud_warning"
KINDS = (
    Kind(
        _KIND,
        "issfr",
        expandable=frozenset({"charge", "payment_intent"}),
        filters=("charge", "payment_intent"),
    ),
)
ROUTES = Routes()
LATER = {WARN_TASK: warn_by_card}
_LIST = accepts(PAGE, CREATED, charge=Text(), payment_intent=Text())


@ROUTES.get("/v1/radar/early_fraud_warnings/{warning}", accepts())
def retrieve(call: Call, book: Book) -> Json:
    return book.present(book.get(_KIND, call.path["warning"], "early_fraud_warning"))


@ROUTES.get("/v1/radar/early_fraud_warnings", _LIST)
def list_all(call: Call, book: Book) -> Json:
    return list_objects(book, _KIND, call.params, url="/v1/radar/early_fraud_warnings")
