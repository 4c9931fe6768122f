"""A payer's own payments as lines of a file: what they bought, what it cost, and what came back.

What Stripe took of it is nobody's business who pays, and stands in none (payments/rules/documents.py). Amounts are in
whole units of their currency, with a point; times are in UTC. Read a few hundred at a time, each lot in a moment of its
own, so that nothing is held while somebody's connection takes its time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Row, Select, and_, select

from azora_admin.core import db
from azora_admin.core.ids import PersonId
from azora_admin.core.paging import Cursor
from azora_admin.core.sheets import Cell
from azora_admin.marketplace.tables import Course
from azora_admin.payments.rules.documents import RECEIPT, number_text
from azora_admin.payments.tables import Document, Payment
from azora_admin.reports.keyset import newest_first
from azora_admin.reports.payment_export import utc_time, whole_units
from azora_admin.reports.payment_rows import shown_status

HEADINGS: Final = tuple("ordered_at paid_at title amount refunded currency status receipt payment_id".split())
_AT_ONCE: Final = 500


def own_lines(payer_id: PersonId, *, at_once: int = _AT_ONCE) -> Iterator[Sequence[Cell]]:
    """The headings and a line for each of the payer's payments, newest first. One statement for each ``at_once``."""
    yield HEADINGS
    cursor: Cursor | None = None
    while True:
        found = newest_first(_own(payer_id), Payment.created_at, Payment.id, limit=at_once, cursor=cursor)
        with db.snapshot() as session:
            rows = session.execute(found).all()
        for row in rows[:at_once]:
            yield _line(row)
        if len(rows) <= at_once:
            return
        cursor = Cursor(rows[at_once - 1].created_at, rows[at_once - 1].id)


def _own(payer_id: PersonId) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Payment.id,
            Payment.created_at,
            Payment.settled_at,
            Payment.description,
            Course.title,
            Payment.amount_minor,
            Payment.refunded_minor,
            Payment.currency,
            shown_status().label("shown"),
            Document.series,
            Document.number,
        )
        .outerjoin(Course, Course.id == Payment.course_id)
        .outerjoin(Document, and_(Document.payment_id == Payment.id, Document.kind == RECEIPT))
        .where(Payment.payer_id == payer_id)
    )


def _line(row: Row[*tuple[Any, ...]]) -> Sequence[Cell]:
    return (
        utc_time(row.created_at),
        utc_time(row.settled_at),
        row.title or row.description,
        whole_units(row.amount_minor, row.currency),
        whole_units(row.refunded_minor, row.currency),
        row.currency,
        row.shown,
        number_text(row.series, row.number) if row.series else None,
        str(row.id),
    )
