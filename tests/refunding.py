"""What tests of refunds share: a sale to refund, and what is written down of it."""

from __future__ import annotations

from collections import Counter

from azora_admin.core import db
from azora_admin.core.ids import CourseId, PaymentId
from azora_admin.identity.rules import Actor, SignedIn
from azora_admin.marketplace.queries import live_reasons
from tests.selling import VISA, Shop

FEE = 172
PENDING = "pm_card_pendingRefund"
FAILS = "pm_card_refundFail"


def actor_of(person: SignedIn) -> Actor:
    return Actor(person.person_id, person.name, "api", request_id="test", address="")


def sold(shop: Shop, card: str = VISA) -> PaymentId:
    return shop.sell(shop.person(), shop.course(), card)


def teacher(shop: Shop) -> str:
    payment = shop.payments()[0]
    assert payment.course_id is not None
    return f"instructor:{shop.instructor_of(CourseId(payment.course_id))}:payable"


def has_access(shop: Shop) -> bool:
    payment = shop.payments()[0]
    with db.reading() as session:
        return bool(
            live_reasons(session, learner_id=payment.payer_id, course_id=CourseId(payment.course_id))  # type: ignore[arg-type]
        )


def kinds(shop: Shop) -> list[str]:
    """What was booked, apart from sale and fee."""
    booked = Counter(entry[0] for entry in shop.books().entries)
    return sorted((booked - Counter(["sale", "processing_fee"])).elements())
