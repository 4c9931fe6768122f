"""What a handler writes in: one account's objects, events and later tasks, inside one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from azora_admin.sandbox.stripe import API_VERSION
from azora_admin.sandbox.stripe.errors import missing
from azora_admin.sandbox.stripe.identifiers import new_identifier
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.registry import Registry
from azora_admin.sandbox.stripe.settings import Settings
from azora_admin.sandbox.stripe.store import Store


@dataclass(frozen=True, slots=True)
class Cause:
    """The request that an event names as its reason; both are None when the stand-in acted by itself."""

    request_id: str | None = None
    idempotency_key: str | None = None


@dataclass(slots=True)
class Book:
    """Valid as long as its transaction. ``announce`` plans an event's deliveries (see deliveries.py)."""

    store: Store
    registry: Registry
    settings: Settings
    account: str
    now: float
    cause: Cause
    announce: Callable[[Book, Json], None]
    wakes: bool = False

    def create(self, kind: str, body: Json) -> Json:
        """Stores a new object; gives it an id unless it has one, and its moment of creation."""
        known = self.registry.kinds[kind]
        full = {
            "id": body.get("id") or new_identifier(known.prefix),
            "object": kind,
            "created": int(self.now),
        }
        full |= {"livemode": False} | {key: value for key, value in body.items() if key != "id"}
        self.store.insert_object(kind, self.account, full)
        return full

    def find(self, kind: str, identifier: str) -> Json | None:
        found = self.store.find_object(self.account, identifier)
        return found[2] if found and found[0] == kind and not found[1] else None

    def get(self, kind: str, identifier: str, param: str) -> Json:
        """The object, or ApiError 404 ``resource_missing`` naming ``param``."""
        found = self.find(kind, identifier)
        if found is None:
            raise missing("PaymentMethod" if kind == "payment_method" else kind, identifier, param)
        return found

    def save(self, body: Json) -> None:
        self.store.update_object(body)

    def remove(self, identifier: str) -> None:
        """Deletes for lists and for ``get``; the row stays, so that old references still resolve."""
        self.store.remove_object(identifier)

    def present(self, body: Json) -> Json:
        """The object as the API shows it at this moment."""
        shown = {key: value for key, value in body.items() if not key.startswith("_")}
        kind = self.registry.kinds[body["object"]]
        return kind.present(self, shown) if kind.present else shown

    def emit(self, event_type: str, body: Json, previous: Json | None = None) -> None:
        """Writes the event of a change, with the object as it is now, and plans its deliveries."""
        data: Json = {"object": self.present(body)}
        if previous is not None:
            data["previous_attributes"] = previous
        event: Json = {
            "id": new_identifier("evt"),
            "api_version": API_VERSION,
            "data": data,
            "pending_webhooks": 0,
            "request": {"id": self.cause.request_id, "idempotency_key": self.cause.idempotency_key},
            "type": event_type,
        }
        self.wakes = True
        self.announce(self, event)

    def later(self, task: str, object_id: str, delay: float) -> None:
        """Has the resource's LATER task done ``delay`` seconds from now, by the stand-in's clock."""
        self.wakes = True
        self.store.run(
            "INSERT INTO later (due_at, task, object_id, account) VALUES (?, ?, ?, ?)",
            (self.now + delay, task, object_id, self.account),
        )
