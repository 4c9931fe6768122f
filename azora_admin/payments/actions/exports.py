"""Exports of payments: asked for, frozen, written part by part, put away. Whoever is cut off goes on where it stopped.

Which payments, and in which order, is written down once, when the export begins: payments that come or change meanwhile
neither appear twice nor push one out. A part is written once; a second writer of the same part changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import Select, delete, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import PersonId, new_id
from azora_admin.payments.rules.exports import KEPT_FOR, added
from azora_admin.payments.tables import PaymentExport, PaymentExportPart

PART: Final = 1_000
# A part takes a second: whoever has not written one for so long is gone.
STALLED_AFTER: Final = timedelta(minutes=2)
_WRITE: Final = text(
    """
    WITH written AS (
      UPDATE payment_export_part SET body = :body, totals = CAST(:totals AS jsonb)
       WHERE export_id = :id AND number = :number AND body IS NULL RETURNING export_id
    )
    UPDATE payment_export e SET parts_written = parts_written + 1, size = size + length(CAST(:body AS bytea)),
           progressed_at = :now
      FROM written WHERE e.id = written.export_id
    """
)


@dataclass(frozen=True, slots=True)
class Export:
    """An export under lock."""

    state: str
    filters: Mapping[str, Any]


def request(session: Session, *, requested_by: PersonId, filters: Mapping[str, Any]) -> UUID:
    """Write down that somebody wants an export. Returns its id."""
    export_id, now = new_id(), clock.now()
    session.execute(
        insert(PaymentExport).values(
            id=export_id,
            requested_by=requested_by,
            state="waiting",
            filters=dict(filters),
            requested_at=now,
            progressed_at=now,
        )
    )
    return export_id


def lock(session: Session, export_id: UUID) -> Export | None:
    """The export, its row locked; None when there is none."""
    row = session.execute(
        select(PaymentExport.state, PaymentExport.filters)
        .where(PaymentExport.id == export_id)
        .with_for_update()
    ).one_or_none()
    return Export(row.state, row.filters) if row else None


def freeze(
    session: Session, export_id: UUID, wanted: Select[*tuple[Any, ...]], *, part_size: int = PART
) -> None:
    """Write down which payments the export has: ``wanted`` (id and time), newest first, in parts. One statement."""
    found = wanted.subquery("found")
    identity, at = found.c
    place = func.row_number().over(order_by=(at.desc(), identity.desc())) - 1
    numbered = select(
        identity.label("id"), (place // part_size).label("part"), place.label("place")
    ).subquery()
    parts = select(
        literal(export_id, PaymentExportPart.export_id.type),
        numbered.c.part,
        func.array_agg(aggregate_order_by(numbered.c.id, numbered.c.place)),
    ).group_by(numbered.c.part)
    session.execute(insert(PaymentExportPart).from_select(["export_id", "number", "payment_ids"], parts))
    mine = PaymentExportPart.export_id == export_id
    lines = select(func.coalesce(func.sum(func.cardinality(PaymentExportPart.payment_ids)), 0)).where(mine)
    session.execute(
        update(PaymentExport)
        .where(PaymentExport.id == export_id)
        .values(
            state="running",
            frozen_at=clock.now(),
            progressed_at=clock.now(),
            parts=select(func.count()).where(mine).scalar_subquery(),
            lines=lines.scalar_subquery(),
        )
    )


def unwritten_parts(session: Session, export_id: UUID) -> Sequence[int]:
    """The parts that are still to be written, in their order."""
    part = PaymentExportPart
    return session.scalars(
        select(part.number).where(part.export_id == export_id, part.body.is_(None)).order_by(part.number)
    ).all()


def write_part(
    session: Session, export_id: UUID, number: int, *, body: bytes, totals: Mapping[str, Any]
) -> None:
    """Keep the lines of a part, unless somebody else did."""
    values = {"body": body, "totals": orjson.dumps(totals).decode()}
    session.execute(_WRITE, {"id": export_id, "number": number, "now": clock.now(), **values})


def finish(session: Session, export_id: UUID, *, digest: str, size: int) -> None:
    """Every part is written: sum what they say, and keep what the file is known by (SHA-256, bytes, rows)."""
    part, totals = PaymentExportPart, dict[str, Any]()
    found = session.scalars(select(part.totals).where(part.export_id == export_id)).all()
    for one in found:
        totals = added(totals, one or {})
    lines = session.scalars(select(PaymentExport.lines).where(PaymentExport.id == export_id)).one()
    if all(one and "accounts" in one for one in found):  # not by parts of an older release
        totals["file"] = {"sha256": digest, "bytes": size, "rows": lines}
    now = clock.now()
    session.execute(
        update(PaymentExport)
        .where(PaymentExport.id == export_id, PaymentExport.state == "running")
        .values(state="ready", finished_at=now, progressed_at=now, totals=totals, size=size)
    )


def stalled(session: Session) -> Sequence[UUID]:
    """The exports on which nobody has worked for a while; each gets another while."""
    now = clock.now()
    open_ = PaymentExport.state.in_(("waiting", "running"))
    return session.scalars(
        update(PaymentExport)
        .where(open_, PaymentExport.progressed_at < now - STALLED_AFTER)
        .values(progressed_at=now)
        .returning(PaymentExport.id)
    ).all()


def expire(session: Session) -> int:
    """Put the files away that were kept long enough. Returns how many."""
    gone = session.scalars(
        update(PaymentExport)
        .where(PaymentExport.state == "ready", PaymentExport.finished_at < clock.now() - KEPT_FOR)
        .values(state="expired")
        .returning(PaymentExport.id)
    ).all()
    session.execute(delete(PaymentExportPart).where(PaymentExportPart.export_id.in_(gone)))
    return len(gone)
