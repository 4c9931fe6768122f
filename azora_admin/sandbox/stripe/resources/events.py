"""Events: retrieve and list. An event older than 30 days is not listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.errors import refused_parameter
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.listing import list_objects
from azora_admin.sandbox.stripe.params import CREATED, PAGE, Boolean, ListOf, Text, accepts
from azora_admin.sandbox.stripe.registry import Call, Kind, Routes

ROUTES = Routes()
LISTED_FOR: Final = 30 * 86_400
MOST_TYPES: Final = 20
_LIST = accepts(PAGE, CREATED, type=Text(), types=ListOf(Text()), delivery_success=Boolean())
_UNDELIVERED = (
    "EXISTS (SELECT 1 FROM delivery WHERE delivery.event_id = object.id"
    " AND delivery.state NOT IN ('delivered', 'canceled'))"
)


def present(book: Book, shown: Json) -> Json:
    """Counts the deliveries that are still to be made."""
    found = book.store.row(
        "SELECT count(*) FROM delivery WHERE event_id = ? AND state IN ('pending', 'held')", (shown["id"],)
    )
    return shown | {"pending_webhooks": found[0] if found else 0}


KINDS = (Kind("event", "evt", present=present),)


@ROUTES.get("/v1/events/{id}", accepts())
def retrieve(call: Call, book: Book) -> Json:
    return book.present(book.get("event", call.path["id"], "id"))


@ROUTES.get("/v1/events", _LIST)
def list_all(call: Call, book: Book) -> Json:
    given = dict(call.params)
    if "type" in given and "types" in given:
        raise refused_parameter("You may only specify one of these parameters: type, types.", "types")
    where: list[tuple[str, Sequence[Any]]] = [("created > ?", (int(book.now) - LISTED_FOR,))]
    if len(given.get("types", ())) > MOST_TYPES:
        raise refused_parameter(f"Array too long: types has at most {MOST_TYPES} elements.", "types")
    wanted = given.pop("types", None) or [given.pop("type", "*")]
    if "*" not in wanted:
        patterns = [one.replace("*", "%").replace("_", "\\_") for one in wanted]
        likes = " OR ".join("json_extract(body, '$.type') LIKE ? ESCAPE '\\'" for _ in patterns)
        where.append((f"({likes})", patterns))
    if "delivery_success" in given:
        where.append((f"NOT {_UNDELIVERED}" if given["delivery_success"] else _UNDELIVERED, ()))
    return list_objects(book, "event", given, url="/v1/events", where=where)
