"""What receipts, credit notes and their cancellations say, and how they are numbered. Pure.

A document freezes its words when it is written: whatever changes later (a name, a price, the seller's address), it
says the same. What Stripe took is nobody's business who pays, and stands in none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

RECEIPT: Final = "receipt"
CREDIT_NOTE: Final = "credit_note"
CANCELLATION: Final = "cancellation"
PREFIXES: Final[Mapping[str, str]] = {RECEIPT: "R", CREDIT_NOTE: "CN", CANCELLATION: "CC"}
KINDS: Final = tuple(PREFIXES)
TITLES: Final = {
    RECEIPT: "Receipt",
    CREDIT_NOTE: "Credit note",
    CANCELLATION: "Cancellation of a credit note",
}


@dataclass(frozen=True, slots=True)
class SellerWords:
    """Who sells, as documents name them; ``address`` has lines."""

    name: str
    address: str
    tax_id: str
    email: str


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought, as they were called then."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was sold. ``amount``: minor units of the document's currency, with its tax."""

    text: str
    amount: int


@dataclass(frozen=True, slots=True)
class Content:
    """What a document says beside its number, its day and its sum."""

    seller: SellerWords
    buyer: Buyer
    lines: Sequence[Line]
    method_brand: str | None
    method_last4: str | None
    paid_at: datetime


def series_of(kind: str, issued_at: datetime) -> str:
    """The series that a document is numbered in: one for each kind and year (UTC), such as ``R-2026``."""
    return f"{PREFIXES[kind]}-{issued_at.astimezone(UTC).year:04}"


def number_text(series: str, number: int) -> str:
    """``R-2026-000123``."""
    return f"{series}-{number:06}"


def as_json(content: Content) -> dict[str, Any]:
    """``content`` as it is kept."""
    return {**asdict(content), "paid_at": content.paid_at.astimezone(UTC).isoformat()}


def from_json(kept: Mapping[str, Any]) -> Content:
    """The content that was kept as ``as_json`` says."""
    return Content(
        seller=SellerWords(**kept["seller"]),
        buyer=Buyer(**kept["buyer"]),
        lines=[Line(**line) for line in kept["lines"]],
        method_brand=kept["method_brand"],
        method_last4=kept["method_last4"],
        paid_at=datetime.fromisoformat(kept["paid_at"]),
    )
