"""A payer asks for their money back on a page: what the policy says, the form, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Response, flash, request, url_for
from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.errors import Conflict, DomainError, Invalid
from azora_admin.core.ids import PaymentId, RefundRequestId, new_id, parse_id
from azora_admin.core.money import money_text
from azora_admin.flows import refund_requests
from azora_admin.flows.refund_requests import Judged
from azora_admin.identity.rules import Action
from azora_admin.pages.account import blueprint
from azora_admin.payments import queries
from azora_admin.payments.rules.refunds import NOTE_LONGEST
from azora_admin.reports.payment_rows import PaymentRow
from azora_admin.reports.payment_story import payment_line
from azora_admin.web import hx, limits
from azora_admin.web.amounts import plain_amount, read_amount
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.forms import problems_of
from azora_admin.web.money import till
from azora_admin.web.once import kept, once
from azora_admin.web.request_words import LEARNER_REASONS

_DONE: Final = {
    "open": "We look at your request for {amount} and tell you by mail.",
    "succeeded": "{amount} is on its way back to you.",
    "failed": "{amount} could not be sent back. Ask again, or ask support.",
}
_ON_ITS_WAY: Final = "{amount} is being sent back to you."


@dataclass(frozen=True, slots=True)
class Entered:
    """The form as it was sent, or as it is at first."""

    is_part: bool = False
    amount: str = ""
    reason: str = ""
    note: str = ""


@blueprint.get("/payments/<payment_id>/refund")
@needs(Action.READ_OWN)
def refund(payment_id: str) -> Response:
    """What can be asked for, and what was."""
    return _show(PaymentId(parse_id(payment_id)), Entered())


@blueprint.post("/payments/<payment_id>/refund")
@needs(Action.ASK_REFUND)
@once
@limits.limit_money
def ask_refund(payment_id: str) -> Response:
    """Ask for the money back."""
    identity, entered = PaymentId(parse_id(payment_id)), _entered()
    done = hx.redirect(url_for("account.refund", payment_id=identity))
    try:
        made = refund_requests.ask(
            till().stripe,
            caller(),
            actor(),
            _wish(identity, entered),
            ask_after=till().ask_after,
            finish=lambda session, _: kept(session, done),
        )
    except (Invalid, Conflict) as refused:
        return _show(identity, entered, refused)
    words = _DONE.get(made.refund_state or made.state, _ON_ITS_WAY)
    flash(words.format(amount=money_text(made.amount)))
    return done


@blueprint.post("/refund-requests/<request_id>/withdraw")
@needs(Action.ASK_REFUND)
@once
@limits.limit_money
def withdraw_refund(request_id: str) -> Response:
    """Take a request back that nobody has decided."""
    identity = RefundRequestId(parse_id(request_id))
    with db.transaction() as session:
        asked = queries.get_request(session, identity, payer_id=caller().person_id)
        done = hx.redirect(url_for("account.refund", payment_id=asked.payment_id))
        refund_requests.withdraw(session, caller(), actor(), identity)
        kept(session, done)
    flash("Your request is withdrawn.")
    return done


def _entered() -> Entered:
    form = request.form
    return Entered(
        form.get("kind") == "part",
        form.get("amount", ""),
        form.get("reason", ""),
        form.get("note", "").strip(),
    )


def _wish(payment_id: PaymentId, entered: Entered) -> refund_requests.Wish:
    with db.reading() as session:
        payment = queries.get_payment(session, payment_id, payer_id=caller().person_id)
    amount = read_amount(entered.amount, payment.amount.currency).amount if entered.is_part else None
    insists = request.form.get("despite_policy") == "1"
    return refund_requests.Wish(payment_id, amount, entered.reason, entered.note, despite_policy=insists)


def _show(payment_id: PaymentId, entered: Entered, refused: DomainError | None = None) -> Response:
    me = caller().person_id
    with db.snapshot() as session:
        policy = queries.get_payment(session, payment_id, payer_id=me).policy
        payment: PaymentRow = payment_line(session, payment_id)
        asked = queries.requests_of(session, payment_id)
        judged, why_not = _judged(session, payment_id)
    return hx.respond(
        "account/refund.html",
        part="account/_refund.html",
        target="own-refund",
        status=422 if refused else 200,
        payment=payment,
        policy=policy,
        requests=asked,
        judged=judged,
        why_not=why_not,
        entered=entered,
        amount=entered.amount or plain_amount(payment.left),
        reasons=LEARNER_REASONS,
        note_longest=NOTE_LONGEST,
        problems=problems_of(refused) if refused else (),
        once_key=str(new_id()),
        withdraw_key=str(new_id()),
    )


def _judged(session: Session, payment_id: PaymentId) -> tuple[Judged | None, str]:
    """What asking for all that is left would lead to; or why nothing can be asked for."""
    try:
        return refund_requests.preview(session, caller(), payment_id=payment_id, amount=None), ""
    except Conflict as refused:
        return None, refused.detail
