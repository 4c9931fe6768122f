"""What goes out as one row of a list, whichever table it stands in, and what each state means there.

States are literal SQL: a condition has to be seen to lie within that of its index, whatever the parameters are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, case, cast, literal, literal_column, null, select

from azora_admin.messaging.tables import Mail
from azora_admin.payments.tables import DisputeAnswer, MethodSetup, Payment, Refund

STATES: Final = ("waiting", "unknown", "parked", "failed", "done")
OPEN: Final = ("waiting", "unknown", "parked")
_NOTHING: Final = "false"


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that was to go out, and where it stands; ``title`` says what it is about.

    ``parent``: the payment or dispute that it belongs to; ``next_at``: when it is tried again, if it is at all.
    """

    kind: str
    id: str
    state: str
    title: str
    tries: int
    created_at: datetime
    next_at: datetime | None
    parent: UUID | None = None

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


@dataclass(frozen=True, slots=True)
class Source:
    """A table of what goes out. ``states`` are conditions that exclude each other; without any of them it is done."""

    table: Any
    at: Any
    title: ColumnElement[str]
    tries: Any
    next_at: Any
    parent: Any
    states: Mapping[str, str]
    always: str = "true"

    def is_in(self, state: str) -> ColumnElement[bool]:
        return literal_column(f"({self.states[state]})")

    @property
    def is_shown(self) -> ColumnElement[bool]:
        return literal_column(f"({self.always})")

    def rows(self, kind: str) -> Select[*tuple[Any, ...]]:
        """Every row, its columns named for ``Operation``."""
        state = case(
            *((self.is_in(name), name) for name in ("parked", "unknown", "waiting", "failed")), else_="done"
        )
        is_tried = self.is_in("unknown") | self.is_in("waiting")
        return select(
            literal(kind).label("kind"),
            self.table.id.label("id"),
            state.label("state"),
            self.title.label("title"),
            self.tries.label("tries"),
            self.at.label("at"),
            case((is_tried, self.next_at), else_=null()).label("next_at"),
            cast(self.parent, Uuid).label("parent"),
        ).where(self.is_shown)


def _asked(table: str, **states: str) -> dict[str, str]:
    """``states`` of a table whose rows Stripe is asked about, which a person may have parked."""
    is_parked = f"{table}.parked_at IS NOT NULL AND {table}.next_ask_at IS NOT NULL"
    going_on = {
        name: f"({condition}) AND ({table}.parked_at IS NULL OR {table}.next_ask_at IS NULL)"
        for name, condition in states.items()
    }
    return {"parked": is_parked, **going_on}


_PAYMENTS: Final = Source(
    Payment,
    Payment.created_at,
    Payment.description.expression,
    Payment.ask_count,
    Payment.next_ask_at,
    Payment.id,
    _asked(
        "payment",
        waiting=_NOTHING,
        unknown="payment.status = 'unknown'"
        " OR payment.status = 'pending' AND payment.stripe_payment_intent_id IS NULL",
        failed="payment.status = 'cancelled' AND payment.stripe_payment_intent_id IS NULL",
        done="payment.status <> 'unknown' AND payment.stripe_payment_intent_id IS NOT NULL",
    ),
)
_REFUNDS: Final = Source(
    Refund,
    Refund.requested_at,
    Refund.reason.expression,
    Refund.ask_count,
    Refund.next_ask_at,
    Refund.payment_id,
    _asked(
        "refund",
        waiting="refund.state = 'reserved'",
        unknown="refund.state = 'unknown'",
        failed="refund.state = 'failed' AND refund.stripe_refund_id IS NULL",
        done="refund.stripe_refund_id IS NOT NULL",
    ),
    always="refund.reserved_at IS NOT NULL",
)
_SETUPS: Final = Source(
    MethodSetup,
    MethodSetup.created_at,
    literal("A card to be saved"),
    MethodSetup.ask_count,
    MethodSetup.next_ask_at,
    null(),
    _asked(
        "method_setup",
        waiting="method_setup.state = 'reserved' AND method_setup.stripe_setup_intent_id IS NULL",
        unknown="method_setup.state = 'unknown' AND method_setup.stripe_setup_intent_id IS NULL",
        failed="method_setup.state = 'cancelled' AND method_setup.stripe_setup_intent_id IS NULL",
        done="method_setup.stripe_setup_intent_id IS NOT NULL",
    ),
)
_ANSWERS: Final = Source(
    DisputeAnswer,
    DisputeAnswer.requested_at,
    case((DisputeAnswer.kind == "accept", "dispute_accepted"), else_="evidence"),
    DisputeAnswer.ask_count,
    DisputeAnswer.next_ask_at,
    DisputeAnswer.dispute_id,
    _asked(
        "dispute_answer",
        waiting="dispute_answer.state = 'reserved'",
        unknown="dispute_answer.state = 'unknown'",
        failed="dispute_answer.state = 'failed'",
        done="dispute_answer.state = 'sent'",
    ),
)
_MAILS: Final = Source(
    Mail,
    Mail.created_at,
    Mail.kind.expression,
    Mail.attempts,
    Mail.next_try_at,
    null(),
    {
        "parked": "mail.state = 'parked'",
        "unknown": _NOTHING,
        "waiting": "mail.state = 'queued'",
        "failed": "mail.state = 'failed'",
        "done": "mail.state = 'sent'",
    },
)
SOURCES: Final[Mapping[str, Source]] = {
    "payment": _PAYMENTS,
    "refund": _REFUNDS,
    "setup": _SETUPS,
    "answer": _ANSWERS,
    "mail": _MAILS,
}
KINDS: Final = tuple(SOURCES)
