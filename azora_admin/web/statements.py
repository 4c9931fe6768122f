"""An instructor's statement of one month as a file: on paper, and for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from decimal import Decimal
from typing import Any, Final

from flask import Response

from azora_admin.core.money import Money, exponent, money_text
from azora_admin.core.sheets import Cell, as_csv
from azora_admin.gateways.pdf import typesetting
from azora_admin.gateways.pdf.typesetting import Paper
from azora_admin.reports.document_sheet import day_words
from azora_admin.reports.monthly_statement import MonthLine, MonthlyStatement, Totals
from azora_admin.reports.statement_money import Behind
from azora_admin.web import downloads
from azora_admin.web.documents import PDF
from azora_admin.web.filters import month as month_words
from azora_admin.web.filters import plural, signed
from azora_admin.web.statuses import entry_words

LAYOUT: Final = "statement"
_HEAD: Final = (
    "date",
    "time_utc",
    "what",
    "about",
    "gross",
    "fee",
    "fee_currency",
    "net",
    "refunded",
    "share",
    "balance",
    "currency",
    "entry",
    "fee_entry",
)
_EXPLAINED: Final = (
    "“Net” is what the learner paid, less the fee of card processing or of a dispute, and less what went back to the "
    "learner or their bank (“Refunded”). The platform bears the fees: none is taken from your share."
)
UNKNOWN: Final = "not known yet"


def pdf_answer(statement: MonthlyStatement, paper: Paper) -> Response:
    """The statement on ``paper``, to be saved."""
    printed = typesetting.render(LAYOUT, data(statement), at=statement.at, paper=paper)
    return downloads.attachment(printed, name=f"{_name(statement)}.pdf", kind=PDF)


def csv_answer(statement: MonthlyStatement) -> Response:
    """The statement's lines between its two balances."""
    return downloads.attachment(
        as_csv(_csv_rows(statement)), name=f"{_name(statement)}.csv", kind="text/csv; charset=utf-8"
    )


def data(statement: MonthlyStatement) -> dict[str, Any]:
    """What the layout is given."""
    month, seller = month_words(statement.first_on), statement.seller
    return {
        "title": "Statement",
        "month": month,
        "seller": seller.name,
        "foot": f"{seller.name} · Statement of {statement.instructor}, {month}",
        "parties": [
            {"label": "From", "name": seller.name, "lines": seller.address.splitlines()},
            {"label": "To", "name": statement.instructor, "lines": [statement.email]},
        ],
        "facts": [
            ["Month", month],
            ["Currency", statement.opening.currency.upper()],
            ["Balance before", money_text(statement.opening)],
            ["Balance after", money_text(statement.closing)],
        ],
        "lines": [_line(line) for line in statement.lines],
        "sum": _sum(statement.totals) if statement.lines else None,
        "totals": [
            ["Balance before", money_text(statement.opening)],
            *(
                [f"{entry_words(one.kind).title}, {plural(one.count, 'line', 'lines')}", signed(one.amount)]
                for one in statement.sums
            ),
            ["Balance after", money_text(statement.closing)],
        ],
        "notes": [
            _EXPLAINED,
            *_awaited(statement.totals.awaited),
            *_exchanged(statement.totals, statement.opening.currency),
            f"As the books stand on {day_words(statement.at.astimezone(UTC).date())}; dates in UTC.",
        ],
    }


def _line(line: MonthLine) -> list[Any]:
    on = line.occurred_at.astimezone(UTC)
    what = entry_words(line.kind).title
    return [
        f"{on.day} {on:%b}",
        [line.title or what, what if line.title else ""],
        *_behind(line.behind),
        signed(line.amount),
        money_text(line.balance),
    ]


def _behind(behind: Behind) -> list[str]:
    return [
        _text(behind.gross),
        UNKNOWN if behind.awaits_fee else _text(behind.fee),
        _text(behind.net),
        _text(behind.refunded),
    ]


def _sum(totals: Totals) -> list[Any]:
    fees = "\n".join(money_text(fee) for fee in totals.fees)
    return [
        "",
        "All lines",
        money_text(totals.gross),
        [fees, f"{totals.awaited} {UNKNOWN}" if totals.awaited else ""],
        _text(totals.net),
        money_text(totals.refunded),
        signed(totals.share),
        "",
    ]


def _awaited(count: int) -> list[str]:
    if not count:
        return []
    payments = plural(count, "payment is", "payments are")
    return [f"The fee of {payments} not known yet: it comes when Stripe settles, within days."]


def _exchanged(totals: Totals, currency: str) -> list[str]:
    others = sorted({fee.currency.upper() for fee in totals.fees} - {currency.upper()})
    if not others:
        return []
    told = ", ".join(others)
    return [
        f"Stripe settled some payments in {told} and took its fee there: no net stands beside such a fee."
    ]


def _csv_rows(statement: MonthlyStatement) -> Iterator[list[Cell]]:
    yield list(_HEAD)
    yield _balance_row(statement, "Balance before", statement.opening)
    for line in statement.lines:
        at = line.occurred_at.astimezone(UTC)
        yield [
            at.date().isoformat(),
            f"{at:%H:%M:%S}",
            entry_words(line.kind).title,
            line.title or "",
            *_csv_behind(line.behind),
            _figure(line.amount),
            _figure(line.balance),
            line.amount.currency,
            str(line.entry_id),
            str(line.behind.fee_entry_id or ""),
        ]
    yield _balance_row(statement, "Balance after", statement.closing)


def _csv_behind(behind: Behind) -> list[Cell]:
    return [
        _figure(behind.gross),
        UNKNOWN if behind.awaits_fee else _figure(behind.fee),
        behind.fee.currency if behind.fee else "",
        _figure(behind.net),
        _figure(behind.refunded),
    ]


def _balance_row(statement: MonthlyStatement, what: str, balance: Money) -> list[Cell]:
    on = statement.first_on.isoformat() if balance is statement.opening else ""
    return [on, "", what, "", None, None, "", None, None, None, _figure(balance), balance.currency, "", ""]


def _figure(money: Money | None) -> Decimal | None:
    """The amount as a number that spreadsheets add up, exactly."""
    return Decimal(money.amount).scaleb(-exponent(money.currency)) if money else None


def _text(money: Money | None) -> str:
    return money_text(money) if money else ""


def _name(statement: MonthlyStatement) -> str:
    return f"statement-{statement.first_on:%Y-%m}-{statement.opening.currency}"
