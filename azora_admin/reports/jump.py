"""What a few letters may mean: a person, a payment. For the palette, so each kind is one short index scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from azora_admin.identity.rules import Action, SignedIn
from azora_admin.reports.payment_list import find_payments_by_id
from azora_admin.reports.people_list import PeopleFilter, list_people

EACH: Final = 5
SHORTEST: Final = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found; ``kind`` and ``id`` say where it is shown."""

    kind: Literal["person", "payment"]
    id: UUID
    title: str
    detail: str


def find_hits(session: Session, person: SignedIn, text: str) -> Sequence[Hit]:
    """What ``text`` may mean to this person, at most ``EACH`` of a kind; nothing that they may not see."""
    if len(text) < SHORTEST:
        return []
    hits: list[Hit] = []
    if person.may(Action.READ_PEOPLE):
        people = list_people(session, PeopleFilter(text), limit=EACH, cursor=None)
        hits += [Hit("person", one.id, one.name, one.email) for one in people.items]
    if person.may(Action.READ_PAYMENTS):
        payments = find_payments_by_id(session, text, limit=EACH)
        hits += [Hit("payment", one.id, one.title, one.payer_email) for one in payments]
    return hits
