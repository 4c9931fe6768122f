"""A payer's own payments."""

from __future__ import annotations

from flask import Blueprint, Response, request

from azora_admin.api import answers, bearer, lists
from azora_admin.core import db
from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.ids import PaymentId, parse_id
from azora_admin.identity.rules import Action
from azora_admin.payments import queries
from azora_admin.payments.rules.settlement import STATUSES
from azora_admin.web.callers import caller, needs

_SCOPE = "payments"


def blueprint() -> Blueprint:
    """GET /payments and /payments/{id}."""
    payments = Blueprint("payments", __name__)
    bearer.require_token(payments)

    @payments.get("/payments")
    @needs(Action.READ_OWN)
    def index() -> Response:
        place = lists.place(_SCOPE)
        status = _status()
        with db.reading() as session:
            page = queries.list_payments(
                session,
                payer_id=caller().person_id,
                status=status,
                limit=place.limit,
                cursor=place.cursor,
            )
        return lists.answer(page, answers.payment, scope=_SCOPE)

    @payments.get("/payments/<payment_id>")
    @needs(Action.READ_OWN)
    def show(payment_id: str) -> Response:
        identity = PaymentId(parse_id(payment_id))
        with db.reading() as session:
            found = queries.get_payment(session, identity, payer_id=caller().person_id)
        return answers.json(answers.payment(found))

    return payments


def _status() -> str | None:
    status = request.args.get("status")
    if status is not None and status not in STATUSES:
        raise Invalid(
            [FieldError("status", "unknown_status", f"Choose a status from {', '.join(STATUSES)}.")]
        )
    return status
