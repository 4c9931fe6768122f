"""What a text in the payments' search may mean: a payer, a course, an amount, an id of ours or of Stripe's.

A name, an address or a title is meant by how one of its words begins; the first few of those are taken, and whether
there are more is told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from azora_admin.marketplace.tables import CourseKey
from azora_admin.payments.tables import Payment
from azora_admin.reports.people_list import first_people, search_form
from azora_admin.reports.ways import Way, in_range

PEOPLE: Final = 200
COURSES: Final = 50
_ID_START: Final = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,28}", re.IGNORECASE)
_AT_STRIPE: Final = ("pi_", "ch_", "py_")
_LARGEST_AMOUNT: Final = 2**63 - 1  # what the column holds
_AMOUNT: Final = re.compile(r"[^\d,.]{0,4}(\d{1,3}(?:,\d{3})+|\d{1,13})(?:\.(\d{1,3}))?")
# As migration 0030 has it.
_BETWEEN_WORDS: Final = re.compile(r"""[\]\[\s!"#$%&()*+,./:;<=>?@\\^_`{|}~–—…“”„«»-]+""")
# The highest code point: whatever begins with a prefix sorts before the prefix and this.
_LAST: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Meanings:
    """What a text may mean. ``has_more``: more names or titles begin so than were taken."""

    text: str
    people: Sequence[UUID] = ()
    courses: Sequence[UUID] = ()
    amounts: Sequence[int] = ()
    has_more: bool = False


def meanings(session: Session, text: str) -> Meanings:
    """What ``text`` may mean, in two statements; in none for an id of Stripe's."""
    if text.startswith(_AT_STRIPE):
        return Meanings(text)
    people = first_people(session, text, most=PEOPLE + 1)
    courses = _first_courses(session, text, most=COURSES + 1)
    has_more = len(people) > PEOPLE or len(courses) > COURSES
    return Meanings(text, people[:PEOPLE], courses[:COURSES], amounts_of(text), has_more)


def ways(meant: Meanings) -> Sequence[Way]:
    """How the payments that are meant are found."""
    return [
        Way(Payment.payer_id.expression, meant.people, true()),
        Way(Payment.course_id.expression, meant.courses, true()),
        Way(Payment.amount_minor.expression, meant.amounts, true()),
        *ways_by_id(meant.text),
    ]


def ways_by_id(text: str) -> Sequence[Way]:
    """How payments are found whose id, ours or Stripe's, begins with ``text``; none where no id does."""
    if text.startswith(_AT_STRIPE):
        return [_begins(Payment.stripe_payment_intent_id, text), _begins(Payment.stripe_charge_id, text)]
    if _ID_START.fullmatch(text):
        digits = text.replace("-", "")[:32]
        first, last = UUID(hex=digits.ljust(32, "0")), UUID(hex=digits.ljust(32, "f"))
        return [in_range(Payment.id.between(first, last))]
    return []


def amounts_of(text: str) -> tuple[int, ...]:
    """Every number of minor units that ``text`` may mean: ``49`` is 49 yen, 49.00 dollars or 49.000 dinars."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        return ()
    whole, fraction = found[1].replace(",", ""), found[2] or ""
    amounts = [int(whole + fraction.ljust(places, "0")) for places in (0, 2, 3) if len(fraction) <= places]
    return tuple(amount for amount in amounts if amount <= _LARGEST_AMOUNT)


def _first_courses(session: Session, said: str, *, most: int) -> Sequence[UUID]:
    start = _BETWEEN_WORDS.sub(" ", search_form(said)).strip()
    if not start:
        return []
    found = session.scalars(
        select(CourseKey.course_id)
        .where(CourseKey.key >= start, CourseKey.key < start + _LAST)
        .order_by(CourseKey.key, CourseKey.course_id)
        # A title has several keys, of which a few begin alike.
        .limit(4 * most)
    )
    return list(dict.fromkeys(found))[:most]


def _begins(column: InstrumentedAttribute[str | None], text: str) -> Way:
    """In the order of the index, which goes by code points."""
    plain = column.expression.collate("C")
    return in_range((plain >= text) & (plain < text + _LAST))
