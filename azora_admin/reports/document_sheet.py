"""A document as it is read: every text of it, the same on a page, on paper and in a mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from azora_admin.core.money import Money, money_text
from azora_admin.payments.queries import DocumentView
from azora_admin.payments.rules.cards import card_text
from azora_admin.payments.rules.documents import CREDIT_NOTE, RECEIPT, TITLES, SellerWords

LAYOUT: Final = "receipt"
_TOTALS: Final = {"receipt": "Paid", "credit_note": "Credited", "cancellation": "Credit withdrawn"}
_LINES: Final = {
    "receipt": "",
    "credit_note": "Refund to {refers_to}",
    "cancellation": "The refund by {refers_to} did not arrive",
}
_NOTES: Final = {
    "receipt": "This receipt confirms that the amount was paid in full.",
    "credit_note": "The amount was returned to the way of payment above. Banks take up to ten days to show it.",
    "cancellation": "The bank sent the refund back, so credit note {refers_to} no longer counts.",
}


@dataclass(frozen=True, slots=True)
class Party:
    """Who sells, or who buys."""

    label: str
    name: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class SheetLine:
    """What is charged or given back; ``below`` says more, or nothing."""

    text: str
    below: str
    amount: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole document in words. ``issued_at`` is its date for programs."""

    title: str
    number: str
    seller: str
    foot: str
    parties: Sequence[Party]
    facts: Sequence[tuple[str, str]]
    lines: Sequence[SheetLine]
    totals: Sequence[tuple[str, str]]
    notes: Sequence[str]
    issued_at: datetime

    @property
    def file_name(self) -> str:
        """What the file is called that is saved: ``R-2026-000123.pdf``."""
        return f"{self.number}.pdf"

    def data(self) -> dict[str, Any]:
        """What the layout on paper is given."""
        told = asdict(self)
        del told["issued_at"]
        lines = [[[line.text, line.below], line.amount] for line in self.lines]
        return {**told, "lines": lines, "standing": None}


def sheet(document: DocumentView) -> Sheet:
    """The words of ``document``: made of what it froze, and of nothing else."""
    content, kind = document.content, document.kind
    title, refers_to = TITLES[kind], document.refers_to or ""
    return Sheet(
        title=title,
        number=document.number,
        seller=content.seller.name,
        foot=f"{content.seller.name} · {title} {document.number}",
        parties=[_seller(content.seller), Party("To", content.buyer.name, [content.buyer.email])],
        facts=_facts(document),
        lines=[
            SheetLine(
                line.text,
                _LINES[kind].format(refers_to=refers_to),
                money_text(Money(line.amount, document.total.currency)),
            )
            for line in content.lines
        ],
        totals=[
            ("Subtotal", money_text(document.total - document.tax)),
            ("Tax", money_text(document.tax)),
            (_TOTALS[kind], money_text(document.total)),
        ],
        notes=[_NOTES[kind].format(refers_to=refers_to), *_contact(content.seller)],
        issued_at=document.issued_at,
    )


def day_words(on: date) -> str:
    """``28 November 2026``."""
    return f"{on.day} {on:%B %Y}"


def _seller(seller: SellerWords) -> Party:
    tax = [f"Tax ID {seller.tax_id}"] if seller.tax_id else []
    return Party("From", seller.name, [*seller.address.splitlines(), *tax])


def _facts(document: DocumentView) -> Sequence[tuple[str, str]]:
    issued = ("Date", day_words(document.issued_at.astimezone(UTC).date()))
    paid = ("Paid on", day_words(document.content.paid_at.astimezone(UTC).date()))
    card = ("Paid with", card_text(document.content.method_brand, document.content.method_last4))
    currency = ("Currency", document.total.currency.upper())
    if document.kind == RECEIPT:
        return [issued, paid, card, currency]
    about = ("For receipt" if document.kind == CREDIT_NOTE else "For credit note", document.refers_to or "")
    return [issued, about, ("To", card[1]), currency]


def _contact(seller: SellerWords) -> Sequence[str]:
    return [f"Questions: {seller.email}"] if seller.email else []
