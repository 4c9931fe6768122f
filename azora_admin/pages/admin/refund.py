"""Refunding one payment: a drawer where script runs, else a page; rehearsed on it by the code that refunds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from flask import Response, flash, request, url_for
from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.errors import Conflict, DomainError, Forbidden, Invalid
from azora_admin.core.ids import PaymentId, new_id, parse_id
from azora_admin.core.money import money_text
from azora_admin.flows import refunding
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.payments.rules.refunds import NOTE_LONGEST, REASONS
from azora_admin.reports.dispute_list import has_open_inquiry
from azora_admin.reports.payment_rows import PaymentRow
from azora_admin.reports.payment_story import payment_line
from azora_admin.reports.refund_preview import Line, lines
from azora_admin.web import hx, limits
from azora_admin.web.amounts import plain_amount, read_amount
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.forms import problems_of
from azora_admin.web.money import till
from azora_admin.web.once import kept, once

_DONE: Final = {
    "waiting": "The refund of {amount} waits for approval.",
    "succeeded": "{amount} went back to the learner.",
    "failed": "The refund of {amount} failed: {why}",
}
_ON_ITS_WAY: Final = "The refund of {amount} is on its way."


@dataclass(frozen=True, slots=True)
class Entered:
    """The form as it was sent, or as it is at first."""

    is_part: bool
    amount: str
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the refund would do; or why it can't be made."""

    plan: refunding.Plan | None
    lines: tuple[Line, ...]
    refused: DomainError | None


@blueprint.get("/payments/<payment_id>/refund")
@needs(Action.REFUND)
@limits.limit_money
def payments_refund(payment_id: str) -> Response:
    """The form, with what a full refund would do."""
    return _show(
        PaymentId(parse_id(payment_id)), Entered(is_part=False, amount="", reason=REASONS[0], note="")
    )


@blueprint.post("/payments/<payment_id>/refund/preview")
@needs(Action.REFUND)
@limits.limit_money
def payments_refund_preview(payment_id: str) -> Response:
    """What the refund that is entered would do; nothing happens."""
    return _show(PaymentId(parse_id(payment_id)), _entered())


@blueprint.post("/payments/<payment_id>/refund")
@needs(Action.REFUND)
@once
@limits.limit_money
def payments_refund_make(payment_id: str) -> Response:
    """Refund the payment, or have the refund wait for a second person."""
    identity, entered = PaymentId(parse_id(payment_id)), _entered()
    done = hx.redirect(url_for("admin.payments_detail", payment_id=identity))
    try:
        with db.reading() as session:
            payment = payment_line(session, identity)
        wanted = refunding.Wanted(identity, _amount(payment, entered), entered.reason, entered.note)
        made = refunding.request(
            till().stripe,
            caller(),
            actor(),
            wanted,
            limits=till().limits,
            ask_after=till().ask_after,
            finish=lambda session, _: kept(session, done),
        )
    except (Invalid, Conflict, Forbidden) as refused:
        return _show(identity, entered, refused=refused)
    words = _DONE.get(made.refund.state, _ON_ITS_WAY)
    flash(words.format(amount=money_text(made.refund.amount), why=made.refund.failure_reason))
    return done


def _entered() -> Entered:
    form = request.form
    return Entered(
        form.get("kind") == "part",
        form.get("amount", ""),
        form.get("reason", ""),
        form.get("note", "").strip(),
    )


def _amount(payment: PaymentRow, entered: Entered) -> int | None:
    return read_amount(entered.amount, payment.amount.currency).amount if entered.is_part else None


def _show(payment_id: PaymentId, entered: Entered, *, refused: DomainError | None = None) -> Response:
    with db.snapshot() as session:
        payment = payment_line(session, payment_id)
        is_inquired = has_open_inquiry(session, payment_id)
        rehearsal = _rehearse(session, payment, entered)
    wrong = refused or (rehearsal.refused if request.method == "POST" else None)
    is_drawer = hx.wanted_part() != "reversal"
    return hx.respond(
        "admin/refund.html",
        part="refunds/_drawer.html" if is_drawer else "refunds/_reversal.html",
        target="dialog" if is_drawer else "reversal",
        beside=() if is_drawer else ("refunds/_button.html",),
        status=422 if wrong and is_drawer else 200,
        payment=payment,
        is_inquired=is_inquired,
        entered=entered,
        rehearsal=rehearsal,
        problems=problems_of(wrong) if wrong else (),
        reasons=REASONS,
        note_longest=NOTE_LONGEST,
        amount=entered.amount or plain_amount(payment.left),
        once_key=str(new_id()),
    )


def _rehearse(session: Session, payment: PaymentRow, entered: Entered) -> Rehearsal:
    try:
        plan = refunding.preview(
            session,
            caller(),
            payment_id=payment.id,
            amount=_amount(payment, entered),
            limits=till().limits,
        )
    except (Invalid, Conflict, Forbidden) as refused:
        return Rehearsal(None, (), refused)
    return Rehearsal(plan, tuple(lines(session, plan.legs)), None)
