"""A payer's own payment: where it stands, also for whoever comes back from their bank; and the cards they saved.

What the address says of the outcome is not read: Stripe is asked, by the step that events and asks take, too.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Final

from flask import Response, flash, make_response, redirect, render_template, url_for

from azora_admin.core import clock, db
from azora_admin.core.errors import Conflict
from azora_admin.core.ids import MethodId, PaymentId, new_id, parse_id
from azora_admin.flows import cancelling, returning, saving
from azora_admin.gateways.stripe.client import NoAnswer
from azora_admin.identity.rules import Action
from azora_admin.pages.account import blueprint
from azora_admin.payments import queries
from azora_admin.payments.queries import methods as saved
from azora_admin.payments.queries.methods import MethodView
from azora_admin.payments.rules.methods import is_expired
from azora_admin.payments.rules.settlement import OPEN
from azora_admin.reports.payment_story import payment_line
from azora_admin.web import hx, limits, own_payments
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.money import till
from azora_admin.web.once import kept, once

_CAN_BE_CANCELLED: Final = OPEN - {"processing"}


@blueprint.get("/payments.csv")
@needs(Action.READ_OWN)
def payments_csv() -> Response:
    """All of one's own payments as a file, sent as it is read."""
    return own_payments.csv_answer(caller().person_id)


@blueprint.get("/payments/<payment_id>")
@needs(Action.READ_OWN)
def payment(payment_id: str) -> Response:
    """Where the payment stands; while it is open the page looks again by itself."""
    identity = PaymentId(parse_id(payment_id))
    with db.snapshot() as session:
        own = queries.get_payment(session, identity, payer_id=caller().person_id)
        line = payment_line(session, identity)
    return hx.respond(
        "account/payment.html",
        part="account/_payment.html",
        target="own-payment",
        payment=line,
        is_open=own.status in OPEN,
        may_cancel=own.status in _CAN_BE_CANCELLED,
        failure_code=own.failure_code,
        once_key=str(new_id()),
    )


@blueprint.get("/payments/<payment_id>/return")
@needs(Action.READ_OWN)
@limits.limit_money
def come_back(payment_id: str) -> Response:
    """Back from the bank: Stripe is asked what became of it, and the payment's page shows that."""
    identity = PaymentId(parse_id(payment_id))
    with db.reading() as session:
        queries.get_payment(session, identity, payer_id=caller().person_id)
    with suppress(NoAnswer):  # then the page says that the outcome is still asked for
        returning.look(till().stripe, identity)
    return make_response(redirect(url_for("account.payment", payment_id=identity), code=303))


@blueprint.post("/payments/<payment_id>/cancel")
@needs(Action.BUY)
@once
@limits.limit_money
def cancel_payment(payment_id: str) -> Response:
    """Give an open payment up."""
    identity = PaymentId(parse_id(payment_id))
    done = hx.redirect(url_for("account.payment", payment_id=identity))
    try:
        cancelling.cancel(
            till().stripe,
            caller(),
            actor(),
            payment_id=identity,
            finish=lambda session, _: kept(session, done),
        )
    except Conflict as refused:
        with db.transaction() as session:
            kept(session, done)
        flash(refused.detail)
        return done
    flash("The payment is cancelled. Nothing was charged.")
    return done


@blueprint.get("/cards")
@needs(Action.READ_OWN)
def cards() -> Response:
    """What the person has saved to pay with."""
    with db.reading() as session:
        found = saved.methods_of(session, caller().person_id)
    today = clock.now().date()
    shown = render_template(
        "account/cards.html",
        cards=[(one, _is_expired(one, today), str(new_id()), str(new_id())) for one in found],
    )
    return make_response(shown)


@blueprint.post("/cards/<method_id>/remove")
@needs(Action.BUY)
@once
@limits.limit_money
def remove_card(method_id: str) -> Response:
    """A saved card is used no more."""
    done = hx.redirect(url_for("account.cards"))
    with db.transaction() as session:
        identity = MethodId(parse_id(method_id))
        saving.remove(session, actor(), person_id=caller().person_id, method_id=identity)
        kept(session, done)
    flash("The card is removed. Nothing is charged to it any more.")
    return done


@blueprint.post("/cards/<method_id>/default")
@needs(Action.BUY)
@once
@limits.limit_money
def choose_card(method_id: str) -> Response:
    """A saved card is the one that is charged where none is named."""
    done = hx.redirect(url_for("account.cards"))
    with db.transaction() as session:
        identity = MethodId(parse_id(method_id))
        saving.choose(session, actor(), person_id=caller().person_id, method_id=identity)
        kept(session, done)
    flash("It is your default card now.")
    return done


def _is_expired(method: MethodView, today: date) -> bool:
    return is_expired(method.exp_month, method.exp_year, today=today)
