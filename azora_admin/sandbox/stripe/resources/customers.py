"""Customers: create, retrieve, update, list, delete."""

from __future__ import annotations

import copy
from typing import Final

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.errors import missing, refused_parameter
from azora_admin.sandbox.stripe.identifiers import random_text
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.listing import list_objects
from azora_admin.sandbox.stripe.params import (
    CREATED,
    METADATA,
    PAGE,
    Field,
    Group,
    Integer,
    ListOf,
    Text,
    accepts,
    merge_metadata,
)
from azora_admin.sandbox.stripe.payment_sources import attach, get_payment_method
from azora_admin.sandbox.stripe.registry import Call, Kind, Routes
from azora_admin.sandbox.stripe.shared_shapes import ADDRESS, SHIPPING, address, changes, shipping

KINDS = (
    Kind(
        "customer",
        "cus",
        expandable=frozenset({"default_source", "invoice_settings.default_payment_method", "test_clock"}),
        filters=("email",),
    ),
)
ROUTES = Routes()

_FIELDS: Final[dict[str, Field]] = {
    "address": ADDRESS,
    "balance": Integer(),
    "business_name": Text(clearable=True),
    "description": Text(clearable=True),
    "email": Text(clearable=True, longest=512),
    "individual_name": Text(clearable=True),
    "invoice_prefix": Text(),
    "invoice_settings": Group(
        {"default_payment_method": Text(clearable=True), "footer": Text(clearable=True)}
    ),
    "name": Text(clearable=True, longest=256),
    "next_invoice_sequence": Integer(least=1),
    "phone": Text(clearable=True, longest=20),
    "preferred_locales": ListOf(Text()),
    "shipping": SHIPPING,
    "tax_exempt": Text(choices=("none", "exempt", "reverse"), clearable=True),
}
_CREATE = accepts(_FIELDS, METADATA, payment_method=Text())
_UPDATE = accepts(_FIELDS, METADATA)
_LIST = accepts(PAGE, CREATED, email=Text())


@ROUTES.post("/v1/customers", _CREATE)
def create(call: Call, book: Book) -> Json:
    given = dict(call.params)
    method = given.pop("payment_method", None)
    customer: Json = {
        "address": None,
        "balance": 0,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "email": None,
        "invoice_prefix": random_text(8).upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "metadata": {},
        "name": None,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    customer = book.create("customer", customer)
    _apply(book, customer, given)
    book.save(customer)
    book.emit("customer.created", customer)
    if method is not None:
        attach(book, get_payment_method(book, method, "payment_method"), customer["id"])
    return book.present(customer)


@ROUTES.get("/v1/customers/{customer}", accepts())
def retrieve(call: Call, book: Book) -> Json:
    found = book.store.find_object(book.account, call.path["customer"])
    if found and found[0] == "customer" and found[1]:
        return _tombstone(call.path["customer"])
    return book.present(book.get("customer", call.path["customer"], "id"))


@ROUTES.post("/v1/customers/{customer}", _UPDATE)
def update(call: Call, book: Book) -> Json:
    customer = book.get("customer", call.path["customer"], "id")
    before = copy.deepcopy(customer)
    _apply(book, customer, call.params)
    book.save(customer)
    if previous := changes(before, customer):
        book.emit("customer.updated", customer, previous)
    return book.present(customer)


@ROUTES.delete("/v1/customers/{customer}", accepts())
def delete(call: Call, book: Book) -> Json:
    customer = book.get("customer", call.path["customer"], "id")
    book.emit("customer.deleted", customer)
    book.remove(customer["id"])
    return _tombstone(customer["id"])


@ROUTES.get("/v1/customers", _LIST)
def list_all(call: Call, book: Book) -> Json:
    return list_objects(book, "customer", call.params, url="/v1/customers")


def _tombstone(identifier: str) -> Json:
    return {"id": identifier, "object": "customer", "deleted": True}


def _apply(book: Book, customer: Json, given: Json) -> None:
    for name, value in given.items():
        if name == "metadata":
            customer["metadata"] = merge_metadata(customer["metadata"], value)
        elif name == "address":
            customer["address"] = None if value is None else address(value)
        elif name == "shipping":
            customer["shipping"] = shipping(value)
        elif name == "invoice_settings":
            _set_default_method(book, customer, value)
            customer["invoice_settings"] |= value
        elif name == "email" and value is not None and "@" not in value:
            raise refused_parameter(f"Invalid email address: {value}", "email", "email_invalid")
        else:
            customer[name] = value


def _set_default_method(book: Book, customer: Json, given: Json) -> None:
    wanted = given.get("default_payment_method")
    if wanted is None:
        return
    method = book.find("payment_method", wanted)
    if method is None or method["customer"] != customer["id"]:
        raise missing("PaymentMethod", wanted, "invoice_settings[default_payment_method]")
