"""A payer's own payments as a file for a spreadsheet, for pages and the API alike."""

from __future__ import annotations

from typing import Final

from flask import Response

from azora_admin.core import clock
from azora_admin.core.ids import PersonId
from azora_admin.core.sheets import as_csv
from azora_admin.reports.own_payments import own_lines
from azora_admin.web import downloads

CSV: Final = "text/csv"


def csv_answer(payer_id: PersonId) -> Response:
    """Every payment of the payer, newest first, sent as it is read."""
    return downloads.attachment(
        as_csv(own_lines(payer_id)),
        name=f"payments-{clock.now():%Y-%m-%d}.csv",
        kind=f"{CSV}; charset=utf-8",
    )
