"""What differs between the two sides of a movement: one kind each, told in a sentence with what to do about it.

Something that is missing on one side only waits for a while: news of it is on its way as a rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from azora_admin.reconciliation.rules.movements import BOOKED, ENTRY, Movement, Sum, of

# An event is handled within seconds and asked after within minutes; what is missing after so long stays missing.
WAITS: Final = timedelta(hours=1)
# A day that agrees is sealed once nothing of it can come late any more.
SEALED_AFTER: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of difference: its name, what it says, and what to do. ``waits``: news of it may be on its way."""

    code: str
    title: str
    sentence: str
    advice: str
    waits: bool = False


KINDS: Final = (
    Kind(
        "missing_here",
        "Missing here",
        "Stripe moved money for this {noun}, and the book has no entry for it.",
        "Look whether its event is parked and replay it. If it was made outside of this program, book it.",
        waits=True,
    ),
    Kind(
        "missing_at_stripe",
        "Missing at Stripe",
        "The book has this {noun}, and Stripe's statement does not.",
        "Look it up at Stripe by its ID. If it never happened there, take it out of the book again.",
        waits=True,
    ),
    Kind(
        "amount_differs",
        "Another amount",
        "The book has another amount for this {noun} than Stripe moved.",
        "Stripe's statement is what the bank paid: find out why the book has another amount, then correct it.",
    ),
    Kind(
        "fee_missing",
        "Fee missing",
        "Stripe took a fee for this {noun}, and the book has none.",
        "Its event may have been lost: ask for the payment again, or book the fee.",
        waits=True,
    ),
    Kind(
        "fee_differs",
        "Another fee",
        "The book has another fee for this {noun} than Stripe took.",
        "Stripe's statement is what was taken: book the difference.",
    ),
    Kind(
        "doubled_here",
        "Booked twice",
        "The book has this {noun} more often than Stripe does.",
        "Take one of the entries out of the book again by an entry against it.",
    ),
    Kind(
        "doubled_at_stripe",
        "Twice at Stripe",
        "Stripe moved money for this {noun} more often than the book says.",
        "Somebody may have made it twice: settle it with the payer or Stripe, then book what stays.",
        waits=True,
    ),
    Kind(
        "currency_differs",
        "Another currency",
        "Stripe settled this {noun} in another currency than it is booked in.",
        "Stripe exchanged it: book the exchange, so that each currency's balance is what Stripe holds.",
    ),
    Kind(
        "not_booked",
        "Not booked",
        "Stripe moved money by itself ({noun}), for which the book has no entries of its own.",
        "Book it: a payout went to our bank, a fee of Stripe's is a cost. Look at the rest before you do.",
    ),
    Kind(
        "without_source",
        "Without a source",
        "An entry moves our balance at Stripe and names nothing that happened there.",
        "Find out what it stands for. If nothing happened at Stripe, take it out of the book again.",
        waits=True,
    ),
    Kind(
        "unreadable",
        "Unreadable",
        "Stripe's statement has an amount for this {noun} that the book can't hold.",
        "The currency is not one that we serve, or the amount is a fraction of its smallest unit. Ask Stripe.",
    ),
)
_BY_CODE: Final = {kind.code: kind for kind in KINDS}
_NOUNS: Final = {
    "charge": "charge",
    "refund": "refund",
    "refund_failure": "returned refund",
    "dispute": "dispute",
    "dispute_reversal": "won dispute",
    ENTRY: "entry",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of a movement; while ``is_waiting`` it is no difference yet."""

    kind: Kind
    is_waiting: bool


def kind_called(code: str) -> Kind:
    """The kind by its code."""
    return _BY_CODE[code]


def noun_of(category: str) -> str:
    """What a movement of ``category`` is called in a sentence."""
    return _NOUNS.get(category, category.replace("_", " "))


def judge(movement: Movement, *, now: datetime, read_until: datetime) -> Finding | None:
    """What differs, or None where both sides agree to the cent.

    What is missing at Stripe waits by ``read_until``, how far its statement was read: nobody is told of a hole that is
    only a late reading.
    """
    code = _code(movement)
    if code is None:
        return None
    kind = _BY_CODE[code]
    heard = read_until if code in ("missing_at_stripe", "without_source") else now
    return Finding(kind, is_waiting=kind.waits and heard - movement.began_at < WAITS)


def _code(movement: Movement) -> str | None:
    if not movement.is_readable:
        return "unreadable"
    theirs, ours = _something(movement.theirs), _something(movement.ours)
    if _by_currency(theirs) == _by_currency(ours):
        return None
    if movement.category == ENTRY:
        return "without_source"
    if not theirs:
        return "missing_at_stripe"
    if not ours:
        return _missing_here(movement)
    return _differing(theirs, ours)


def _missing_here(movement: Movement) -> str:
    if movement.category not in BOOKED:
        return "not_booked"
    return "doubled_at_stripe" if movement.has_twin else "missing_here"


def _differing(theirs: Sequence[Sum], ours: Sequence[Sum]) -> str:
    if {one.currency for one in theirs} != {one.currency for one in ours}:
        return "currency_differs"
    for their in theirs:
        our = of(ours, their.currency)
        if their.gross != our.gross:
            return _of_gross(their, our)
    return "fee_missing" if not any(one.fee for one in ours) else "fee_differs"


def _of_gross(their: Sum, our: Sum) -> str:
    if our.count > 1 and our.gross == their.gross * our.count:
        return "doubled_here"
    if their.count > 1 and their.gross == our.gross * their.count:
        return "doubled_at_stripe"
    return "amount_differs"


def _something(side: Sequence[Sum]) -> list[Sum]:
    return [one for one in side if not one.is_nothing]


def _by_currency(side: Sequence[Sum]) -> dict[str, tuple[int, int]]:
    return {one.currency: (one.gross, one.fee) for one in side}
