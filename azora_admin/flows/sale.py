"""A sale settles: paid → split → ledger entry → access → receipt, and later the processing fee. One commit each.

The same steps whoever brings the news (event, ask, or the purchase call itself) and however often: each
finds what is done already and does the rest.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.flows import exchanging, paperwork
from azora_admin.gateways.stripe.shapes import Charge, Fee, Intent
from azora_admin.ledger import actions as ledger
from azora_admin.ledger.rules import Entry
from azora_admin.marketplace import actions as shelf
from azora_admin.marketplace import queries as courses
from azora_admin.messaging import outbox
from azora_admin.messaging.outbox import stripe_lock
from azora_admin.payments.actions import charges
from azora_admin.payments.actions.charges import Settling
from azora_admin.payments.rules import split
from azora_admin.payments.rules.exchange import Exchange
from azora_admin.payments.rules.settlement import is_paid


def settle(session: Session, intent: Intent, *, cause: str) -> bool:
    """Bring the payment of ``intent`` to what Stripe says. False when the intent is not one of ours.

    Raises Mismatch when Stripe took something else than we asked for.
    """
    db.lock(session, stripe_lock(intent.id))
    payment = charges.find_for_settling(session, intent)
    if payment is None:
        return False
    step = charges.follow(session, payment, intent, cause=cause)
    if step is not None and step.to_status == "completed":
        _book_sale(session, payment, at=_paid_at(intent), cause=cause)
        _open_course(session, payment)
        _keep_method(session, payment, intent)
        paperwork.give_receipt(session, payment.id, payer_id=payment.payer_id, paid_at=_paid_at(intent))
    is_completed = is_paid(payment.status) or (step is not None and step.to_status == "completed")
    charge = intent.charge
    if is_completed and charge is not None and charge.fee is not None and not payment.fee_known:
        _book_fee(session, payment, charge.fee, cause=cause)
        _book_exchange(session, payment, charge, charge.fee, cause=cause)
    return True


def _paid_at(intent: Intent) -> datetime:
    """When the learner paid, not when we heard of it: the refund window and the books' day hang on it."""
    return intent.charge.created_at if intent.charge else clock.now()


def _book_sale(session: Session, payment: Settling, *, at: datetime, cause: str) -> None:
    shares = courses.get_split_version(session, payment.agreement_id).shares if payment.agreement_id else {}
    ledger.post(
        session,
        Entry(
            kind="sale",
            reference=str(payment.id),
            legs=tuple(split.sale_legs(payment.amount, shares, at=at)),
            cause=cause,
            rule_version=split.RULE_VERSION,
            occurred_at=at,
        ),
    )


def _open_course(session: Session, payment: Settling) -> None:
    if payment.course_id is not None:
        shelf.grant_access(
            session,
            learner_id=payment.payer_id,
            course_id=payment.course_id,
            reason="purchase",
            payment_id=payment.id,
        )


def _keep_method(session: Session, payment: Settling, intent: Intent) -> None:
    """What it was paid with was to be kept: a job asks what it is, should the event that tells it be lost."""
    if payment.saves_method and intent.method_id is not None:
        method_id = intent.method_id
        outbox.enqueue(
            session, outbox.FOLLOW_METHOD, {"method": method_id}, lock=outbox.stripe_lock(method_id)
        )


def _book_fee(session: Session, payment: Settling, fee: Fee, *, cause: str) -> None:
    if not fee.fee.is_zero:
        ledger.post(
            session,
            Entry(
                kind="processing_fee",
                reference=str(payment.id),
                legs=tuple(split.fee_legs(fee.fee)),
                cause=f"{cause} {fee.balance_transaction_id}",
                rule_version=split.RULE_VERSION,
                occurred_at=clock.now(),
            ),
        )
    charges.record_fee(session, payment, fee)


def _book_exchange(session: Session, payment: Settling, charge: Charge, fee: Fee, *, cause: str) -> None:
    told = Exchange(
        id=fee.balance_transaction_id,
        source=charge.id,
        category="charge",
        presented=payment.amount,
        settled=fee.gross,
        rate=fee.rate,
        at=charge.created_at,
    )
    exchanging.book(session, payment.id, told, cause=cause)
