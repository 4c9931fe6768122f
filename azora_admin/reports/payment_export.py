"""The lines of an export of payments, part by part, with what they and the book sum to; and exports as people see them.

Amounts are in whole units of their currency, with a point, as spreadsheets read them; times are in UTC.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, select, text
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.money import exponent
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.core.sheets import MARK, Cell, as_lines
from azora_admin.identity.tables import Person
from azora_admin.payments.rules.exports import (
    KEPT_FOR,
    Control,
    SealedFile,
    account_name,
    book_of,
    controls,
    sealed_file,
)
from azora_admin.payments.rules.returns import IN_FLIGHT
from azora_admin.payments.tables import Payment, PaymentExport, PaymentExportPart
from azora_admin.reports.keyset import newest_first
from azora_admin.reports.payment_list import PaymentFilter, conditions_for
from azora_admin.reports.payment_rows import payment_rows

HEADINGS: Final = (
    *"payment_id created_at settled_at status currency amount gross refunded fee fee_currency net".split(),
    *"payer_email payer_name title method_brand method_last4 failure_code stripe_payment_intent_id".split(),
    "stripe_charge_id",
)
# What the book says of the same payments: sales, what of them went back (or is about to), and fees.
_BOOK: Final = text(
    """
    WITH wanted AS (SELECT unnest(CAST(:ids AS uuid[])) AS id), fact AS (
      SELECT id::text AS reference FROM wanted
      UNION ALL SELECT r.id::text FROM wanted w JOIN refund r ON r.payment_id = w.id)
    SELECT l.asset, e.kind, CASE a.kind WHEN 'refund_in_flight' THEN :in_flight ELSE a.key END AS account,
           sum(l.amount)::bigint AS total, count(*) AS count
      FROM fact JOIN ledger_entry e ON e.reference = fact.reference
       AND e.kind IN ('sale', 'processing_fee', 'refund_reserved', 'refund_failed')
      JOIN ledger_leg l ON l.entry_id = e.id JOIN ledger_account a ON a.id = l.account_id
     WHERE (e.kind IN ('sale', 'refund_failed') AND a.key = 'stripe:balance')
        OR (e.kind = 'processing_fee' AND a.key = 'stripe:fees')
        OR (e.kind IN ('refund_reserved', 'refund_failed') AND a.kind = 'refund_in_flight')
     GROUP BY 1, 2, 3
    """
)


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of a part, and what they and the book sum to."""

    body: bytes
    totals: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ExportView:
    """An export as people see it."""

    id: UUID
    requested_by_id: UUID
    requested_by: str
    state: str
    filters: Mapping[str, Any]
    requested_at: datetime
    finished_at: datetime | None
    lines: int
    parts: int
    parts_written: int
    size: int
    controls: Sequence[Control]
    file: SealedFile | None

    @property
    def is_moving(self) -> bool:
        return self.state in ("waiting", "running")

    @property
    def expires_at(self) -> datetime | None:
        """When the file goes; None before there is one."""
        return self.finished_at + KEPT_FOR if self.finished_at else None

    @property
    def name(self) -> str:
        """What the file is called."""
        return f"payments-{self.requested_at:%Y-%m-%d-%H%M%S}.csv"


def as_filters(wanted: PaymentFilter) -> dict[str, Any]:
    """The list's filters as an export keeps them."""
    days = {"first_on": wanted.first_on, "last_on": wanted.last_on}
    return {
        "text": wanted.text,
        "statuses": list(wanted.statuses),
        **{name: day.isoformat() if day else None for name, day in days.items()},
    }


def matching(session: Session, filters: Mapping[str, Any]) -> Select[*tuple[Any, ...]]:
    """The payments that the list shows with these filters, as ids and times."""
    first, last = (filters[name] and date.fromisoformat(filters[name]) for name in ("first_on", "last_on"))
    wanted = PaymentFilter(filters["text"], tuple(filters["statuses"]), first, last)
    return select(Payment.id, Payment.created_at).where(*conditions_for(session, wanted))


def write(session: Session, export_id: UUID, number: int) -> Part:
    """One part as it is at this moment: use a snapshot, so that lines and book are of the same. Three statements."""
    part = PaymentExportPart
    ids = session.scalars(
        select(part.payment_ids).where(part.export_id == export_id, part.number == number)
    ).one()
    places = {identity: place for place, identity in enumerate(ids)}
    more = (Payment.stripe_payment_intent_id, Payment.stripe_charge_id)
    rows = session.execute(payment_rows().add_columns(*more).where(Payment.id.in_(ids))).all()
    rows = sorted(rows, key=lambda row: places[row.id])
    book = session.execute(_BOOK, {"ids": ids, "in_flight": IN_FLIGHT}).all()
    beginning = _beginning() if number == 0 else b""
    return Part(beginning + as_lines(_line(row) for row in rows), {"lines": _sums(rows), **_book(book)})


def seal(session: Session, export_id: UUID) -> tuple[str, int]:
    """The SHA-256 and the size of the whole file, every part of which is written."""
    digest, size = sha256(), 0
    for piece in read_body(session, export_id):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def read_body(session: Session, export_id: UUID) -> Iterator[bytes]:
    """The whole file, a part at a time. Its headings are in its first part, unless that is older or there is none."""
    is_begun = False
    part = PaymentExportPart
    with session.execute(
        select(part.body).where(part.export_id == export_id).order_by(part.number),
        execution_options={"stream_results": True, "yield_per": 1},
    ) as found:
        for row in found:
            body = row.body or b""
            yield body if is_begun or body.startswith(MARK) else _beginning() + body
            is_begun = True
    if not is_begun:
        yield _beginning()


def get_export(session: Session, export_id: UUID) -> ExportView:
    """One export. Raises NotFound."""
    row = session.execute(_exports().where(PaymentExport.id == export_id)).one_or_none()
    if row is None:
        raise NotFound("export_not_found", "There is no such export.")
    return _view(row)


def list_exports(
    session: Session, *, requested_by: UUID | None, limit: int, cursor: Cursor | None
) -> Page[ExportView]:
    """One keyset page of exports, the latest first; of one person alone if one is named. One statement."""
    wanted = _exports()
    if requested_by:
        wanted = wanted.where(PaymentExport.requested_by == requested_by)
    place = (PaymentExport.requested_at, PaymentExport.id)
    rows = session.execute(newest_first(wanted, *place, limit=limit, cursor=cursor)).all()
    return page_of(
        [_view(row) for row in rows], limit=limit, cursor=cursor, key=lambda one: (one.requested_at, one.id)
    )


def _exports() -> Select[*tuple[Any, ...]]:
    return select(
        PaymentExport.id,
        PaymentExport.requested_by,
        Person.name,
        PaymentExport.state,
        PaymentExport.filters,
        PaymentExport.requested_at,
        PaymentExport.finished_at,
        PaymentExport.lines,
        PaymentExport.parts,
        PaymentExport.parts_written,
        PaymentExport.size,
        PaymentExport.totals,
    ).join(Person, Person.id == PaymentExport.requested_by)


def _view(row: Row[*tuple[Any, ...]]) -> ExportView:
    return ExportView(
        row.id,
        row.requested_by,
        row.name,
        row.state,
        row.filters,
        row.requested_at,
        row.finished_at,
        row.lines,
        row.parts,
        row.parts_written,
        row.size,
        controls(row.totals or {}),
        sealed_file(row.totals or {}),
    )


def _beginning() -> bytes:
    return MARK + as_lines([HEADINGS])


def _line(row: Row[*tuple[Any, ...]]) -> Sequence[Cell]:
    code = row.currency
    gross = row.amount_minor if row.settled_at else 0
    is_one = row.fee_minor is None or row.fee_currency == code
    net = gross - row.refunded_minor - (row.fee_minor or 0)
    return (
        str(row.id),
        utc_time(row.created_at),
        utc_time(row.settled_at),
        row.shown,
        code,
        whole_units(row.amount_minor, code),
        whole_units(gross, code),
        whole_units(row.refunded_minor, code),
        None if row.fee_minor is None else whole_units(row.fee_minor, row.fee_currency),
        row.fee_currency,
        whole_units(net, code) if is_one else None,
        row.email,
        row.name,
        row.title or row.description,
        row.method_brand,
        row.method_last4,
        row.failure_code,
        row.stripe_payment_intent_id,
        row.stripe_charge_id,
    )


def whole_units(minor: int, code: str) -> Decimal:
    """``minor`` units of the currency ``code`` as a spreadsheet reads them."""
    return Decimal(minor).scaleb(-exponent(code))


def utc_time(at: datetime | None) -> str | None:
    """``at`` in UTC, to the second (ISO 8601)."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if at else None


def _sums(rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[str, dict[str, int]]:
    sums: defaultdict[str, dict[str, int]] = defaultdict(
        lambda: {"count": 0, "paid": 0, "gross": 0, "refunded": 0, "fee": 0}
    )
    for row in rows:
        sums[row.currency]["count"] += 1
        if row.settled_at:
            sums[row.currency]["paid"] += 1
            sums[row.currency]["gross"] += row.amount_minor
            sums[row.currency]["refunded"] += row.refunded_minor
        if row.fee_minor:
            sums[row.fee_currency]["fee"] += row.fee_minor
    return dict(sums)


def _book(rows: Sequence[Row[*tuple[Any, ...]]]) -> dict[str, dict[str, dict[str, int]]]:
    accounts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    paid: dict[str, int] = {}
    for asset, kind, account, total, count in rows:
        accounts[asset][account_name(kind, account)] = total
        if kind == "sale":
            paid[asset] = count
    return {"accounts": dict(accounts), "book": book_of(accounts, paid)}
