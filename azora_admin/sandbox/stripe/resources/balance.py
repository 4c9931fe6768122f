"""The balance and its transactions. A charge's transaction arrives late and is told by ``charge.updated``."""

from __future__ import annotations

from collections import defaultdict

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.charging import BALANCE_TASK
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.listing import list_objects
from azora_admin.sandbox.stripe.movements import move
from azora_admin.sandbox.stripe.params import CREATED, PAGE, Text, accepts
from azora_admin.sandbox.stripe.registry import Call, Kind, Routes
from azora_admin.sandbox.stripe.settings import fee_of, settled

ROUTES = Routes()
_LIST = accepts(PAGE, CREATED, currency=Text(), payout=Text(), source=Text(), type=Text())


def present_transaction(book: Book, shown: Json) -> Json:
    """Pending money becomes available by the clock alone."""
    del shown["livemode"]
    return shown | {"status": "pending" if shown["available_on"] > book.now else "available"}


KINDS = (
    Kind(
        "balance_transaction",
        "txn",
        expandable=frozenset({"source"}),
        filters=("currency", "payout", "source", "type"),
        present=present_transaction,
    ),
)


@ROUTES.get("/v1/balance", accepts())
def retrieve_balance(call: Call, book: Book) -> Json:
    sums: dict[str, dict[str, int]] = {"available": defaultdict(int), "pending": defaultdict(int)}
    for currency, is_pending, net in book.store.rows(
        "SELECT json_extract(body, '$.currency'), json_extract(body, '$.available_on') > ?,"
        " sum(json_extract(body, '$.net')) FROM object WHERE account = ? AND kind = 'balance_transaction'"
        " GROUP BY 1, 2",
        (book.now, book.account),
    ):
        sums["pending" if is_pending else "available"][currency] += net
    currencies = sorted(sums["available"].keys() | sums["pending"].keys()) or ["usd"]
    return {
        "object": "balance",
        "livemode": False,
        **{
            part: [
                {"amount": held[currency], "currency": currency, "source_types": {"card": held[currency]}}
                for currency in currencies
            ]
            for part, held in sums.items()
        },
    }


@ROUTES.get("/v1/balance_transactions/{id}", accepts())
def retrieve(call: Call, book: Book) -> Json:
    return book.present(book.get("balance_transaction", call.path["id"], "id"))


@ROUTES.get("/v1/balance_transactions", _LIST)
def list_all(call: Call, book: Book) -> Json:
    return list_objects(book, "balance_transaction", call.params, url="/v1/balance_transactions")


def settle_charge(book: Book, charge_id: str) -> None:
    """Writes a captured charge's balance transaction and tells of it."""
    charge = book.get("charge", charge_id, "charge")
    amount = charge["amount_captured"]
    written = move(
        book,
        "charge",
        source=charge_id,
        amount=amount,
        fee=fee_of(*settled(amount, charge["currency"], book.settings), book.settings),
        currency=charge["currency"],
        description=charge["description"],
        is_available_at_once=charge["_available_at_once"],
    )
    charge["balance_transaction"] = written["id"]
    book.save(charge)
    book.emit("charge.updated", charge, {"balance_transaction": None})


LATER = {BALANCE_TASK: settle_charge}
