"""What a person saved to pay with."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, bodies, conditional, saved_methods
from azora_admin.api.description import PAYMENTS, Answer, describe
from azora_admin.api.problems import OUTCOME_UNKNOWN, PAYMENT_METHOD_NOT_FOUND, PROVIDER_REFUSED
from azora_admin.core import db
from azora_admin.core.ids import MethodId
from azora_admin.flows import saving
from azora_admin.identity.rules import Action
from azora_admin.payments.queries import methods as saved
from azora_admin.web import limits
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.money import till
from azora_admin.web.once import kept, once, request_key


def blueprint() -> Blueprint:
    """GET and POST /me/payment-methods, PATCH and DELETE /me/payment-methods/{id}."""
    methods = Blueprint("payment_methods", __name__)
    bearer.require_token(methods)
    _looking(methods)
    _saving(methods)
    _changing(methods)
    return methods


def _looking(methods: Blueprint) -> None:
    @methods.get("/me/payment-methods")
    @needs(Action.READ_OWN)
    @describe("list_payment_methods", PAYMENTS, Answer(200, saved_methods.PaymentMethods))
    def index() -> Response:
        """List saved payment methods.

        Your own, the oldest first: a handful. What is kept of a card is what stands on it.
        """
        with db.reading() as session:
            found = saved.methods_of(session, caller().person_id)
        return conditional.answer(
            lambda: saved_methods.listed(found),
            key=conditional.revisions(found),
        )


def _saving(methods: Blueprint) -> None:
    @methods.post("/me/payment-methods")
    @needs(Action.BUY)
    @once
    @limits.limit_money
    @describe(
        "save_payment_method",
        PAYMENTS,
        Answer(201, saved_methods.MethodSetup),
        refusals=[PROVIDER_REFUSED, OUTCOME_UNKNOWN],
    )
    def begin(body: bodies.NoBody) -> Response:
        """Save a payment method.

        Begins it: confirm the SetupIntent at Stripe with the `client_secret`, where the card is typed in. The method is
        in the list as soon as Stripe has told of it.
        """
        begun = saving.begin(
            till().stripe,
            caller(),
            actor(),
            request_key=request_key(),
            ask_after=till().ask_after,
            finish=lambda session, one: kept(session, _begun(one)),
        )
        return _begun(begun)


def _changing(methods: Blueprint) -> None:
    @methods.patch("/me/payment-methods/<method_id>")
    @needs(Action.BUY)
    @once
    @limits.limit_money
    @describe(
        "change_payment_method",
        PAYMENTS,
        Answer(200, saved_methods.PaymentMethod),
        refusals=[PAYMENT_METHOD_NOT_FOUND],
    )
    def change(method_id: MethodId, body: bodies.MethodChange) -> Response:
        """Choose the default method."""
        with db.transaction() as session:
            chosen = saving.choose(session, actor(), person_id=caller().person_id, method_id=method_id)
            return kept(session, answers.json(saved_methods.payment_method(chosen)))

    @methods.delete("/me/payment-methods/<method_id>")
    @needs(Action.BUY)
    @once
    @limits.limit_money
    @describe("remove_payment_method", PAYMENTS, Answer(204, None), refusals=[PAYMENT_METHOD_NOT_FOUND])
    def remove(method_id: MethodId, body: bodies.NoBody) -> Response:
        """Remove a payment method.

        It is used no more from now on, and taken from your account at Stripe a moment later.
        """
        with db.transaction() as session:
            saving.remove(session, actor(), person_id=caller().person_id, method_id=method_id)
            return kept(session, answers.nothing())


def _begun(begun: saving.Begun) -> Response:
    answer = answers.json(saved_methods.method_setup(begun), 201)
    answer.headers["Cache-Control"] = "no-store"
    return answer
