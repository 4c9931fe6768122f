"""Refunding payments: rehearsed and made by the same code."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, bodies, shapes
from azora_admin.api.description import PAYMENTS, Answer, describe
from azora_admin.api.problems import OF_REFUND
from azora_admin.core import db
from azora_admin.core.ids import PaymentId
from azora_admin.flows import refunding
from azora_admin.identity.rules import Action
from azora_admin.web import limits
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.money import till
from azora_admin.web.once import kept, once


def blueprint() -> Blueprint:
    """POST /payments/{id}/refunds and /payments/{id}/refunds/preview."""
    refunds = Blueprint("refunds", __name__)
    bearer.require_token(refunds)

    @refunds.post("/payments/<payment_id>/refunds/preview")
    @needs(Action.REFUND)
    @limits.limit_money
    @describe("preview_refund", PAYMENTS, Answer(200, shapes.RefundPlan), refusals=OF_REFUND)
    def preview(payment_id: PaymentId, body: bodies.Refund) -> Response:
        """Rehearse a refund.

        What `POST /payments/{id}/refunds` would do now with the same body: made by the same code, and nothing happens.
        """
        wanted = _wanted(payment_id, body)
        refunding.check(wanted)
        with db.reading() as session:
            plan = refunding.preview(
                session, caller(), payment_id=payment_id, amount=wanted.amount, limits=till().limits
            )
        return answers.json(answers.refund_plan(plan))

    @refunds.post("/payments/<payment_id>/refunds")
    @needs(Action.REFUND)
    @once
    @limits.limit_money
    @describe(
        "refund_payment",
        PAYMENTS,
        Answer(201, shapes.RefundMade),
        Answer(202, shapes.RefundMade),
        refusals=OF_REFUND,
    )
    def refund(payment_id: PaymentId, body: bodies.Refund) -> Response:
        """Refund a payment.

        All that is left of it, or `amount`. The money is on its way when `status` is `pending`, and has arrived when it
        is `succeeded`; `unknown` says that Stripe has not answered yet, and is asked until it does. 202: the refund
        is above a limit and is `waiting`: above support's limit for finance, above everybody's for a second person.
        """
        made = refunding.request(
            till().stripe,
            caller(),
            actor(),
            _wanted(payment_id, body),
            limits=till().limits,
            ask_after=till().ask_after,
            finish=lambda session, made: kept(session, _made(made)),
        )
        return _made(made)

    return refunds


def _wanted(payment_id: PaymentId, body: bodies.Refund) -> refunding.Wanted:
    return refunding.Wanted(payment_id, body.amount, body.reason, body.note or "")


def _made(made: refunding.Requested) -> Response:
    return answers.json(answers.refund_made(made), 202 if made.refund.state == "waiting" else 201)
