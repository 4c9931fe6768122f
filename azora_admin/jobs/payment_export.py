"""An export of payments is written: frozen first, then a part at a time, each in a commit of its own.

Killed anywhere, the job is taken up by another worker and goes on with the first part that is not there; a part that
was written stays as it was. So the file is the same as if nothing had happened, and so is what is kept of it when the
last part is there: its SHA-256, its rows, and its control totals.
"""

from __future__ import annotations

from uuid import UUID

from azora_admin.core import db
from azora_admin.payments.actions import exports
from azora_admin.payments.actions.exports import PART
from azora_admin.reports import payment_export


def write_export(export_id: UUID, *, part_size: int = PART) -> None:
    """Write all that is missing of the export, which is frozen in parts of ``part_size`` payments."""
    if not _freeze(export_id, part_size):
        return
    with db.reading() as session:
        numbers = exports.unwritten_parts(session, export_id)
    for number in numbers:
        with db.exact_snapshot() as session:
            part = payment_export.write(session, export_id, number)
        with db.transaction() as session:
            exports.write_part(session, export_id, number, body=part.body, totals=part.totals)
    with db.exact_snapshot() as session:
        digest, size = payment_export.seal(session, export_id)
    with db.transaction() as session:
        exports.finish(session, export_id, digest=digest, size=size)


def _freeze(export_id: UUID, part_size: int) -> bool:
    """Write down which payments it has, if that was not done. False when there is nothing to write (any more)."""
    with db.transaction() as session:
        export = exports.lock(session, export_id)
        if export is None or export.state not in ("waiting", "running"):
            return False
        if export.state == "waiting":
            wanted = payment_export.matching(session, export.filters)
            exports.freeze(session, export_id, wanted, part_size=part_size)
    return True
