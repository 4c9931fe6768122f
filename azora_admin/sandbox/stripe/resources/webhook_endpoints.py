"""Webhook endpoints: the secret is in the answer to their creation and nowhere else."""

from __future__ import annotations

from urllib.parse import urlsplit

from azora_admin.sandbox.stripe import API_VERSION
from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.errors import refused_parameter
from azora_admin.sandbox.stripe.identifiers import random_text
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.listing import list_objects
from azora_admin.sandbox.stripe.params import METADATA, PAGE, Boolean, ListOf, Text, accepts, merge_metadata
from azora_admin.sandbox.stripe.registry import Call, Kind, Routes

KINDS = (Kind("webhook_endpoint", "we"),)
ROUTES = Routes()
_EVENTS = ListOf(Text())
_CREATE = accepts(
    METADATA,
    url=Text(),
    enabled_events=_EVENTS,
    api_version=Text(),
    description=Text(clearable=True),
    required=("url", "enabled_events"),
)
_UPDATE = accepts(
    METADATA, url=Text(), enabled_events=_EVENTS, description=Text(clearable=True), disabled=Boolean()
)


@ROUTES.post("/v1/webhook_endpoints", _CREATE)
def create(call: Call, book: Book) -> Json:
    given = call.params
    _check(given)
    if given.get("api_version", API_VERSION) != API_VERSION:
        raise refused_parameter(
            f"Invalid Stripe API version: {given['api_version']}. This stand-in speaks {API_VERSION} alone.",
            "api_version",
        )
    secret = f"whsec_{random_text(32)}"
    endpoint = book.create(
        "webhook_endpoint",
        {
            "api_version": given.get("api_version"),
            "application": None,
            "description": given.get("description"),
            "enabled_events": given["enabled_events"],
            "metadata": merge_metadata({}, given.get("metadata", {})),
            "status": "enabled",
            "url": given["url"],
            "_secret": secret,
        },
    )
    return book.present(endpoint) | {"secret": secret}


@ROUTES.get("/v1/webhook_endpoints/{webhook_endpoint}", accepts())
def retrieve(call: Call, book: Book) -> Json:
    return book.present(_get(call, book))


@ROUTES.post("/v1/webhook_endpoints/{webhook_endpoint}", _UPDATE)
def update(call: Call, book: Book) -> Json:
    endpoint = _get(call, book)
    given = dict(call.params)
    _check(given)
    if "disabled" in given:
        endpoint["status"] = "disabled" if given.pop("disabled") else "enabled"
    if "metadata" in given:
        endpoint["metadata"] = merge_metadata(endpoint["metadata"], given.pop("metadata"))
    endpoint |= given
    book.save(endpoint)
    return book.present(endpoint)


@ROUTES.get("/v1/webhook_endpoints", accepts(PAGE))
def list_all(call: Call, book: Book) -> Json:
    return list_objects(book, "webhook_endpoint", call.params, url="/v1/webhook_endpoints")


@ROUTES.delete("/v1/webhook_endpoints/{webhook_endpoint}", accepts())
def delete(call: Call, book: Book) -> Json:
    endpoint = _get(call, book)
    book.remove(endpoint["id"])
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def _get(call: Call, book: Book) -> Json:
    return book.get("webhook_endpoint", call.path["webhook_endpoint"], "webhook_endpoint")


def _check(given: Json) -> None:
    target = urlsplit(given.get("url", "http://host"))
    if target.scheme not in ("http", "https") or not target.netloc:
        raise refused_parameter(
            f"Invalid URL: {given['url']}. An explicit scheme must be provided.", "url", "url_invalid"
        )
    if not given.get("enabled_events", ["*"]):
        raise refused_parameter("Invalid array: enabled_events must not be empty", "enabled_events")
