"""Which entries of the book are about which object of Stripe's: the one list that both directions are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, LiteralString


@dataclass(frozen=True, slots=True)
class Source:
    """Where the entries of a category name their object: kinds of entries whose reference is a row's id.

    ``named_by``: the text that they are named by instead, where it is not the row's id.
    """

    category: LiteralString
    table: LiteralString
    column: LiteralString
    kinds: tuple[LiteralString, ...]
    named_by: LiteralString | None = None

    @property
    def reference(self) -> LiteralString:
        """What the entries are about, as text, of the row ``r``."""
        return f"r.{self.named_by}" if self.named_by else "r.id::text"


_MOVED: Final = """(SELECT m.stripe_balance_transaction_id, d.stripe_dispute_id FROM dispute_movement m
    JOIN dispute d ON d.id = m.dispute_id)"""
_BY_MOVEMENT: Final = "stripe_balance_transaction_id"


def _exchanged(category: LiteralString) -> Source:
    """What Stripe settled in another currency belongs to the same object."""
    of_it: LiteralString = " FROM exchange x WHERE x.category = '" + category + "')"
    table: LiteralString = "(SELECT x.stripe_balance_transaction_id, x.source" + of_it
    return Source(category, table, "source", ("exchange",), _BY_MOVEMENT)


SOURCES: Final = (
    Source("charge", "payment", "stripe_charge_id", ("sale", "processing_fee")),
    Source("refund", "refund", "stripe_refund_id", ("refund_settled",)),
    Source("refund_failure", "refund", "stripe_refund_id", ("refund_failed",)),
    Source("dispute", _MOVED, "stripe_dispute_id", ("dispute_opened",), _BY_MOVEMENT),
    Source("dispute_reversal", _MOVED, "stripe_dispute_id", ("dispute_won",), _BY_MOVEMENT),
    _exchanged("charge"),
    _exchanged("refund"),
    _exchanged("refund_failure"),
    _exchanged("dispute"),
    _exchanged("dispute_reversal"),
)


def _references() -> str:
    parts = [
        f"""SELECT w.source, w.category, {one.reference} AS reference, k.kind FROM wanted w
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
