"""Which entries of the book are about which object of Stripe's: the one list that both directions are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, LiteralString


@dataclass(frozen=True, slots=True)
class Source:
    """Where the entries of a category name their object: kinds of entries whose reference is a row's id."""

    category: LiteralString
    table: LiteralString
    column: LiteralString
    kinds: tuple[LiteralString, ...]


SOURCES: Final = (
    Source("charge", "payment", "stripe_charge_id", ("sale", "processing_fee")),
    Source("refund", "refund", "stripe_refund_id", ("refund_settled",)),
    Source("refund_failure", "refund", "stripe_refund_id", ("refund_failed",)),
)


def _references() -> str:
    parts = [
        f"""SELECT w.source, w.category, r.id::text AS reference, k.kind FROM wanted w
             JOIN {one.table} r ON r.{one.column} = w.source
            CROSS JOIN (VALUES {", ".join(f"('{kind}')" for kind in one.kinds)}) k (kind)
            WHERE w.category = '{one.category}'"""  # noqa: S608  the names stand above
        for one in SOURCES
    ]
    parts.append(
        """SELECT w.source, w.category, c.id::text, 'correction' FROM wanted w
             JOIN reconciliation_difference d ON d.source = w.source AND d.category = w.category
             JOIN reconciliation_decision c ON c.difference_id = d.id AND c.entry_id IS NOT NULL"""
    )
    parts.append(
        """SELECT w.source, w.category, e.reference, e.kind FROM wanted w
             JOIN ledger_entry e ON e.id = CASE WHEN w.category = 'entry' THEN w.source::uuid END"""
    )
    return " UNION ALL ".join(parts)


REFERENCES: Final = _references()
"""Reference and kind of each entry about the objects in ``wanted`` (source, category): a SELECT of all four."""
