"""``azora seller``: who sells, as receipts and credit notes name them from now on."""

from __future__ import annotations

from dataclasses import asdict, replace

from azora_admin.core import db
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Subject
from azora_admin.launch.operator import at_the_machine
from azora_admin.payments.actions import documents
from azora_admin.payments.rules.documents import SellerWords


def show() -> SellerWords:
    """The words as they are. ``core.db`` must be connected."""
    with db.reading() as session:
        return documents.seller_words(session)


def change(**given: str | None) -> SellerWords:
    """Change the words that are given; documents that were written keep theirs."""
    changes = {name: value for name, value in given.items() if value is not None}
    with db.transaction() as session:
        after = replace(documents.seller_words(session), **changes)
        before = documents.name_seller(session, after)
        audit.record(
            session,
            at_the_machine(),
            act="seller.renamed",
            subject=Subject("seller", "azora", after.name),
            before=asdict(before),
            after=asdict(after),
        )
    return after
