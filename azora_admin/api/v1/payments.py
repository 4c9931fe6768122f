"""A payer's own payments."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, conditional, lists, parameters, shapes
from azora_admin.api.description import PAYMENTS, Answer, describe
from azora_admin.api.problems import CURSOR_NOT_FOUND, PAYMENT_NOT_FOUND
from azora_admin.core import db
from azora_admin.core.ids import PaymentId
from azora_admin.identity.rules import Action
from azora_admin.payments import queries
from azora_admin.web.callers import caller, needs
from azora_admin.web.own_payments import CSV, csv_answer

_SCOPE = "payments"


def blueprint() -> Blueprint:
    """GET /payments, /payments.csv and /payments/{id}."""
    payments = Blueprint("payments", __name__)
    bearer.require_token(payments)

    @payments.get("/payments")
    @needs(Action.READ_OWN)
    @describe("list_payments", PAYMENTS, Answer(200, shapes.PaymentList), refusals=[CURSOR_NOT_FOUND])
    def index(query: parameters.PaymentPaging) -> Response:
        """List payments.

        Your own, the newest first.
        """
        place = lists.place(query, _SCOPE)
        with db.reading() as session:
            page = queries.list_payments(
                session,
                payer_id=caller().person_id,
                status=query.status,
                limit=place.limit,
                cursor=place.cursor,
            )
        return lists.answer(page, answers.payment, scope=_SCOPE)

    @payments.get("/payments.csv")
    @needs(Action.READ_OWN)
    @describe(
        "export_payments",
        PAYMENTS,
        Answer(200, None, files=[CSV]),
        untagged="it is sent while it is read: nobody knows its end when its headers leave",
    )
    def export() -> Response:
        """Get your payments as CSV.

        All of your own, the newest first, whole: for a spreadsheet. `amount` and `refunded` are in whole units of
        `currency`, with a point; times are in UTC; `receipt` is the number of the payment's receipt. A text that a
        spreadsheet would take for a formula begins with an apostrophe.
        """
        return csv_answer(caller().person_id)

    @payments.get("/payments/<payment_id>")
    @needs(Action.READ_OWN)
    @describe("get_payment", PAYMENTS, Answer(200, shapes.PaymentWithRefunds), refusals=[PAYMENT_NOT_FOUND])
    def show(payment_id: PaymentId) -> Response:
        """Get a payment.

        One of your own; whoever may see everybody's payments gets any.
        """
        payer_id = None if caller().may(Action.READ_PAYMENTS) else caller().person_id
        with db.reading() as session:
            found = queries.get_payment(session, payment_id, payer_id=payer_id)
            refunds = queries.refunds_of(session, payment_id) if found.has_refunds else []
        return conditional.answer(
            lambda: answers.payment_with_refunds(found, refunds),
            key=conditional.revisions([found, *refunds]),
        )

    return payments
