"""Payers ask for their money back."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, bodies, conditional, lists, parameters, refund_shapes
from azora_admin.api.description import PAYMENTS, Answer, describe
from azora_admin.api.problems import (
    CURSOR_NOT_FOUND,
    OF_REFUND_REQUEST,
    OUTSIDE_REFUND_POLICY,
    REFUND_REQUEST_DECIDED,
    REFUND_REQUEST_NOT_FOUND,
)
from azora_admin.core import db
from azora_admin.core.ids import PaymentId, RefundRequestId
from azora_admin.flows import refund_requests
from azora_admin.identity.rules import Action
from azora_admin.payments import queries
from azora_admin.web import limits
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.money import till
from azora_admin.web.once import kept, once

_SCOPE = "refund-requests"


def blueprint() -> Blueprint:
    """/payments/{id}/refund-requests and /refund-requests."""
    requests = Blueprint("refund_requests", __name__)
    bearer.require_token(requests)
    _preview(requests)
    _asking(requests)
    _reading(requests)
    return requests


def _preview(requests: Blueprint) -> None:
    @requests.post("/payments/<payment_id>/refund-requests/preview")
    @needs(Action.ASK_REFUND)
    @limits.limit_money
    @describe(
        "preview_refund_request",
        PAYMENTS,
        Answer(200, refund_shapes.RefundRequestPlan),
        refusals=OF_REFUND_REQUEST,
    )
    def preview(payment_id: PaymentId, body: bodies.RefundWish) -> Response:
        """Rehearse a refund request.

        What the policy of the purchase says of it now: judged by the same code, and nothing happens.
        """
        with db.reading() as session:
            judged = refund_requests.preview(session, caller(), payment_id=payment_id, amount=body.amount)
        return answers.json(answers.refund_request_plan(judged))


def _asking(requests: Blueprint) -> None:
    @requests.post("/payments/<payment_id>/refund-requests")
    @needs(Action.ASK_REFUND)
    @once
    @limits.limit_money
    @describe(
        "request_refund",
        PAYMENTS,
        Answer(201, refund_shapes.RefundRequest),
        refusals=[*OF_REFUND_REQUEST, OUTSIDE_REFUND_POLICY],
    )
    def ask(payment_id: PaymentId, body: bodies.RefundAsk) -> Response:
        """Ask for a refund.

        All that is left of it, or `amount`. Within the refund policy of the purchase a small sum goes back at once
        (`approved`, with a `refund`); anything else is `open` until a person has looked at it. One at a time.
        """
        wish = refund_requests.Wish(
            payment_id, body.amount, body.reason, body.note or "", bool(body.despite_policy)
        )
        made = refund_requests.ask(
            till().stripe,
            caller(),
            actor(),
            wish,
            ask_after=till().ask_after,
            finish=lambda session, made: kept(session, answers.json(answers.refund_request(made), 201)),
        )
        return answers.json(answers.refund_request(made), 201)

    @requests.post("/refund-requests/<request_id>/withdraw")
    @needs(Action.ASK_REFUND)
    @once
    @limits.limit_money
    @describe(
        "withdraw_refund_request",
        PAYMENTS,
        Answer(200, refund_shapes.RefundRequest),
        refusals=[REFUND_REQUEST_NOT_FOUND, REFUND_REQUEST_DECIDED],
    )
    def withdraw(request_id: RefundRequestId) -> Response:
        """Withdraw a refund request.

        As long as nobody has decided it.
        """
        with db.transaction() as session:
            refund_requests.withdraw(session, caller(), actor(), request_id)
            return kept(
                session,
                answers.json(answers.refund_request(queries.get_request(session, request_id))),
            )


def _reading(requests: Blueprint) -> None:
    @requests.get("/refund-requests")
    @needs(Action.READ_OWN)
    @describe(
        "list_refund_requests",
        PAYMENTS,
        Answer(200, refund_shapes.RefundRequestList),
        refusals=[CURSOR_NOT_FOUND],
    )
    def index(query: parameters.Paging) -> Response:
        """List refund requests.

        Your own, the newest first.
        """
        place = lists.place(query, _SCOPE)
        with db.reading() as session:
            page = queries.list_requests(
                session, payer_id=caller().person_id, limit=place.limit, cursor=place.cursor
            )
        return lists.answer(page, answers.refund_request, scope=_SCOPE)

    @requests.get("/refund-requests/<request_id>")
    @needs(Action.READ_OWN)
    @describe(
        "get_refund_request",
        PAYMENTS,
        Answer(200, refund_shapes.RefundRequest),
        refusals=[REFUND_REQUEST_NOT_FOUND],
    )
    def show(request_id: RefundRequestId) -> Response:
        """Get a refund request.

        One of your own, with what became of it.
        """
        with db.reading() as session:
            found = queries.get_request(session, request_id, payer_id=caller().person_id)
        return conditional.answer(lambda: answers.refund_request(found), key=conditional.revisions([found]))
