"""Ledger accounts in words, and on which side of one a leg counts as more.

The ledger stores credits as plus; pages show each account in its own sense, so that what Stripe holds for us
reads +49.00 although its leg is a debit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.identity.tables import Person
from azora_admin.ledger.rules import kind_of

_ANY_ID: Final = str(UUID(int=0))
_WORDS: Final = {
    "stripe:balance": "Balance at Stripe",
    "stripe:fees": "Card processing fees",
    "stripe:exchange": "Exchanged by Stripe",
    "stripe:disputed": "Held by Stripe for disputes",
    "bank:balance": "Our bank account",
    "platform:revenue": "Platform revenue",
    "platform:adjustments": "Platform adjustments",
    "tax:payable": "Tax to be paid",
}


def own_sense(key: str, amount: int) -> int:
    """The leg's ``amount`` (credits plus) as the account sees it: plus when there is more of what it counts."""
    return kind_of(key).side * amount


def account_words(key: str, names: Mapping[UUID, str]) -> str:
    """``Owed to Priya Raman`` for ``instructor:<id>:payable``; the key itself for an account without words.

    ``*`` in place of an id stands for all accounts of the kind.
    """
    key = key.replace("*", _ANY_ID)
    person = owner_of(key)
    if person is not None:
        return f"Owed to {names.get(person, 'an instructor')}"
    if kind_of(key).name == "refund_in_flight":
        return "On its way back to the payer"
    if kind_of(key).name == "dispute_withheld":
        return "Withheld until the bank decides"
    return _WORDS.get(key, key)


def owner_of(key: str) -> UUID | None:
    """Whose account it is; None for the platform's."""
    kind, _, rest = key.partition(":")
    owner, _, purpose = rest.partition(":")
    if kind != "instructor" or purpose != "payable":
        return None
    return UUID(owner)


def owner_names(session: Session, keys: Iterable[str]) -> Mapping[UUID, str]:
    """The names of everybody whose accounts are among ``keys``, in one statement."""
    owners = {owner for key in keys if (owner := owner_of(key)) is not None}
    rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(owners))).all()
    return {row.id: row.name for row in rows}
