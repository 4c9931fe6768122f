"""Somebody pays an amount that is for no course: a donation, an invoice written by hand, a top-up.

The same three beats as a purchase. Nobody has a share in it: all of it is the platform's revenue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.charge_limits import check_charge
from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.ids import PaymentId
from azora_admin.core.money import Money
from azora_admin.flows import charging, checkout
from azora_admin.flows.charging import TYPED_IN, Means
from azora_admin.flows.checkout import Purchase
from azora_admin.flows.finishing import Finish, unanswered
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.messaging.replies import KEPT_FOR, KeyReused
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import charges
from azora_admin.payments.queries import PaymentView

DESCRIPTION_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class AmountOrder:
    """What is to be paid. ``request_key`` names the payer's request: the same again goes on with its payment."""

    amount: Money
    description: str
    request_key: str | None = None
    means: Means = TYPED_IN


def pay_amount(
    stripe: StripeConnection,
    payer: SignedIn,
    actor: Actor,
    order: AmountOrder,
    *,
    ask_after: timedelta,
    finish: Finish[Purchase] = unanswered,
) -> Purchase:
    """Write the payment down and take it to Stripe, to be confirmed by the payer's app.

    ``finish`` is called in the transaction after which the payer can go on.
    Raises Invalid naming each field that can't be accepted, KeyReused for another order under the same key, NoAnswer
    when Stripe is silent (the payment stands: the same request later goes on with it).
    """
    check(order)
    with db.transaction() as session:
        payment_id = _reserve(session, payer, actor, order, ask_after=ask_after)
    purchase = checkout.send_order(stripe, payer, payment_id=payment_id, cause=actor.cause, finish=finish)
    if purchase.is_over and not purchase.is_charged:
        with db.transaction() as session:
            finish(session, purchase)
    return purchase


def check(order: AmountOrder) -> None:
    """Raises Invalid naming each field that can't be accepted."""
    errors = check_charge(order.amount)
    if not order.description.strip() or len(order.description) > DESCRIPTION_LONGEST:
        text = f"Say in 1 to {DESCRIPTION_LONGEST} characters what is paid for."
        errors.append(FieldError("description", "invalid_length", text))
    if not order.description.isprintable():
        errors.append(FieldError("description", "control_character", "Leave out control characters."))
    if errors:
        raise Invalid(errors)


def _reserve(
    session: Session, payer: SignedIn, actor: Actor, order: AmountOrder, *, ask_after: timedelta
) -> PaymentId:
    known = _find(session, payer, order)
    if known is not None:
        charges.ask_soon(session, known.id, after=ask_after)
        charging.reserve(session, known.id, payer.person_id, order.means)
        return known.id
    wanted = charges.NewOrder(
        payer.person_id,
        order.amount,
        order.description,
        request_key=order.request_key,
        saves_method=order.means.saves,
    )
    payment_id = charges.reserve(session, wanted, cause=actor.cause, ask_after=ask_after)
    charging.reserve(session, payment_id, payer.person_id, order.means)
    audit.record(
        session,
        actor,
        act="payment.ordered",
        subject=Subject("payment", str(payment_id), order.description),
        after={"payer_id": payer.person_id, "price": order.amount},
    )
    return payment_id


def _find(session: Session, payer: SignedIn, order: AmountOrder) -> PaymentView | None:
    """What an earlier try of the same request, whose answer was lost, has made."""
    if order.request_key is None:
        return None
    db.lock(session, f"payment:{payer.person_id}:{order.request_key}")
    known = payments.find_by_request(
        session, payer_id=payer.person_id, request_key=order.request_key, since=clock.now() - KEPT_FOR
    )
    if known is not None and (known.amount, known.description) != (order.amount, order.description):
        raise KeyReused
    return known
