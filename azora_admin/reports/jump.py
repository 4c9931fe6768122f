"""What a few letters may mean: a person, a payment, an event, a call. For the palette: each is one short index scan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.identity.rules import Action, SignedIn
from azora_admin.messaging.tables import InboxEvent
from azora_admin.reports.outgoing import CallView, find_calls
from azora_admin.reports.payment_list import find_payments_by_id
from azora_admin.reports.people_list import PeopleFilter, list_people

EACH: Final = 5
SHORTEST: Final = 2
_EVENT: Final = "evt_"
# Stripe's name for a request, or one of our idempotency keys: a word of ours and an id.
_CALL: Final = re.compile(r"req_\w+|[a-z]+(-[a-z]+)?-[\w-]*\d[\w-]*")
# The operation that a kind of call belongs to.
_OPERATIONS: Final = {
    "payment": "payment",
    "charge": "payment",
    "cancellation": "payment",
    "refund": "refund",
    "setup": "setup",
    "setup_cancellation": "setup",
    "evidence": "answer",
    "acceptance": "answer",
    "packet": "answer",
    "customer": "customer",
    "detachment": "detachment",
}


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found; ``kind`` and ``id`` say where it is shown, ``part`` where on that page."""

    kind: Literal["person", "payment", "event", "call"]
    id: str
    title: str
    detail: str
    operation: str = ""
    part: str = ""


def find_hits(session: Session, person: SignedIn, text: str) -> Sequence[Hit]:
    """What ``text`` may mean to this person, at most ``EACH`` of a kind; nothing that they may not see."""
    if len(text) < SHORTEST:
        return []
    hits: list[Hit] = []
    if person.may(Action.READ_PEOPLE):
        people = list_people(session, PeopleFilter(text), limit=EACH, cursor=None)
        hits += [Hit("person", str(one.id), one.name, one.email) for one in people.items]
    if person.may(Action.READ_PAYMENTS):
        payments = find_payments_by_id(session, text, limit=EACH)
        hits += [Hit("payment", str(one.id), one.title, one.payer_email) for one in payments]
    if person.may(Action.READ_EVENTS):
        hits += _events(session, text)
        hits += _calls(session, text)
    return hits


def _events(session: Session, text: str) -> list[Hit]:
    """The event of this id, whole."""
    if not text.startswith(_EVENT):
        return []
    rows = session.execute(select(InboxEvent.id, InboxEvent.type).where(InboxEvent.id == text))
    return [Hit("event", row.id, row.type, row.id) for row in rows]


def _calls(session: Session, text: str) -> list[Hit]:
    """Calls by Stripe's name of the request or by their key, whole."""
    if not _CALL.fullmatch(text):
        return []
    return [_call(one) for one in find_calls(session, text, limit=EACH)]


def _call(one: CallView) -> Hit:
    name = one.outside_id or one.idempotency_key
    return Hit("call", one.about, f"POST {one.address}", name, _OPERATIONS[one.kind], f"call-{one.id}")
