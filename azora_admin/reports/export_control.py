"""The control file beside an export: what the CSV is known by, what it sums to, and the accounts that prove it.

Amounts are in whole units of their currency, as in the CSV; accounts count credits as plus, as the ledger does. It is
made of what was written down when the export was finished, so it is the same for ever, also when the CSV is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from azora_admin.core.money import Money
from azora_admin.payments.rules.exports import Control, SealedFile
from azora_admin.reports.accounts import account_words
from azora_admin.reports.payment_export import ExportView, utc_time, whole_units


@dataclass(frozen=True, slots=True)
class ProofLine:
    """What an account sums to over entries of one kind, on the side where it stands; ``proves`` which total."""

    account: str
    kind: str
    proves: str
    debit: Money | None
    credit: Money | None


def proof_lines(export: ExportView) -> Sequence[ProofLine]:
    """The accounts that the totals were proved by, as people read them."""
    return [
        ProofLine(
            account_words(one.account, {}),
            one.kind,
            one.proves,
            -one.total if one.total.amount < 0 else None,
            one.total if one.total.amount > 0 else None,
        )
        for control in export.controls
        for one in control.accounts
    ]


def control_name(export: ExportView) -> str:
    """What the file is called: as the CSV, but for its ending."""
    return f"{export.name.removesuffix('.csv')}.control.json"


def control_file(export: ExportView, file: SealedFile) -> bytes:
    """The file, as JSON in lines that people can read."""
    told = {
        "file": {"name": export.name, "sha256": file.sha256, "bytes": file.size, "rows": file.rows},
        "export": {
            "id": str(export.id),
            "requested_by": export.requested_by,
            "requested_at": utc_time(export.requested_at),
            "finished_at": utc_time(export.finished_at),
            "filters": export.filters,
        },
        "totals": [_currency(control) for control in export.controls],
    }
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _currency(control: Control) -> dict[str, Any]:
    amounts = {name: getattr(control, name) for name in ("gross", "refunded", "fee", "net")}
    return {
        "currency": control.currency,
        "rows": control.count,
        "paid": control.paid,
        **{name: _units(money) for name, money in amounts.items()},
        "ledger": [
            {"entries": one.kind, "account": one.account, "sum": _units(one.total), "proves": one.proves}
            for one in control.accounts
        ],
        "rows_agree_with_ledger": control.agrees,
    }


def _units(money: Money) -> str:
    return f"{whole_units(money.amount, money.currency):f}"
