"""Pieces of shape that several resources share: addresses, billing details, shipping."""

from __future__ import annotations

from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.params import Group, Text

_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")
ADDRESS = Group({name: Text(clearable=True) for name in _ADDRESS}, clearable=True)
SHIPPING = Group(
    {
        "address": ADDRESS,
        "name": Text(),
        "phone": Text(clearable=True),
        "carrier": Text(clearable=True),
        "tracking_number": Text(clearable=True),
    },
    required=("address", "name"),
    clearable=True,
)
BILLING_DETAILS = Group(
    {
        "address": ADDRESS,
        "email": Text(clearable=True),
        "name": Text(clearable=True),
        "phone": Text(clearable=True),
        "tax_id": Text(),
    }
)


def address(given: Json | None) -> Json:
    """All six lines of an address, those not given as None."""
    return {name: (given or {}).get(name) for name in _ADDRESS}


def billing_details(given: Json | None) -> Json:
    known = given or {}
    return {
        "address": address(known.get("address")),
        "email": known.get("email"),
        "name": known.get("name"),
        "phone": known.get("phone"),
        "tax_id": known.get("tax_id"),
    }


def shipping(given: Json | None) -> Json | None:
    if given is None:
        return None
    return {
        "address": address(given.get("address")),
        "carrier": given.get("carrier"),
        "name": given["name"],
        "phone": given.get("phone"),
        "tracking_number": given.get("tracking_number"),
    }


def changes(before: Json, after: Json) -> Json:
    """``previous_attributes``: what the fields that differ held before; for nested objects only what differs."""
    previous: Json = {}
    for key in before.keys() | after.keys():
        if key.startswith("_") or before.get(key) == after.get(key):
            continue
        old, new = before.get(key), after.get(key)
        previous[key] = changes(old, new) if isinstance(old, dict) and isinstance(new, dict) else old
    return previous
