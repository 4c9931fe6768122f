"""Making a payment: of a course or of an amount."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, bodies, shapes
from azora_admin.api.description import PAYMENTS, Answer, Header, describe
from azora_admin.api.problems import (
    OF_CHARGE,
    OF_PAYMENT,
    OUTCOME_UNKNOWN,
    PAYMENT_MISMATCH,
    PAYMENT_NOT_CANCELLABLE,
    PAYMENT_NOT_FOUND,
    PROVIDER_REFUSED,
)
from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.ids import CourseId, PaymentId
from azora_admin.core.money import Money
from azora_admin.flows import cancelling, checkout, paying, returning
from azora_admin.flows.charging import Means
from azora_admin.identity.rules import Action
from azora_admin.web import limits
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.money import till
from azora_admin.web.once import HEADER, kept, once, request_key

_ADDRESS = Header("Location", "Where the payment is; an enrolment has none.", always=False)


def blueprint() -> Blueprint:
    """POST /payments, /payments/{id}/cancel and /payments/{id}/continue."""
    payments = Blueprint("paying", __name__)
    bearer.require_token(payments)
    _making(payments)
    _going_on(payments)
    return payments


def _making(payments: Blueprint) -> None:
    @payments.post("/payments")
    @needs(Action.BUY)
    @once
    @limits.limit_money
    @describe(
        "create_payment",
        PAYMENTS,
        Answer(201, shapes.Order | shapes.Enrolled, [_ADDRESS]),
        refusals=OF_PAYMENT,
    )
    def create(body: bodies.NewPayment) -> Response:
        """Make a payment.

        Of a course, as `POST /courses/{course_id}/purchase` does, or of an amount. Its PaymentIntent is created at
        Stripe; confirm that with the `client_secret`. Nobody has a share in an amount: it is the platform's.
        With `payment_method` it is charged at once: 201 when it is `completed`, `processing`, or `requires_action` (go
        on with the `client_secret`), 402 when it was declined, and then it can still be paid otherwise.
        """
        made = _made(body)
        return answers.bought(made)


def _going_on(payments: Blueprint) -> None:
    @payments.post("/payments/<payment_id>/cancel")
    @needs(Action.BUY)
    @once
    @limits.limit_money
    @describe(
        "cancel_payment",
        PAYMENTS,
        Answer(200, shapes.Payment),
        refusals=[PAYMENT_NOT_FOUND, PAYMENT_NOT_CANCELLABLE, PROVIDER_REFUSED, OUTCOME_UNKNOWN],
    )
    def cancel(payment_id: PaymentId, body: bodies.NoBody) -> Response:
        """Cancel a payment.

        One of your own that is not paid and not with the bank. Stripe is told first, so that it can't be paid after it.
        """
        cancelled = cancelling.cancel(
            till().stripe,
            caller(),
            actor(),
            payment_id=payment_id,
            finish=lambda session, one: kept(session, answers.json(answers.payment(one))),
        )
        return answers.json(answers.payment(cancelled))

    @payments.post("/payments/<payment_id>/continue")
    @needs(Action.BUY)
    @once
    @limits.limit_money
    @describe(
        "continue_payment",
        PAYMENTS,
        Answer(200, shapes.Order),
        refusals=[PAYMENT_NOT_FOUND, *OF_CHARGE, PAYMENT_MISMATCH, PROVIDER_REFUSED, OUTCOME_UNKNOWN],
    )
    def go_on(payment_id: PaymentId, body: bodies.NoBody) -> Response:
        """Go on with a payment.

        One of your own, as it stands at Stripe now, with its `client_secret`: for one that waits for you (your bank
        asked for you while you were not there, say), or whose making was not answered.
        """
        found = returning.go_on(
            till().stripe,
            caller(),
            actor(),
            payment_id=payment_id,
            finish=lambda session, one: kept(session, _order(one)),
        )
        return _order(found)


def _order(one: checkout.Purchase) -> Response:
    answer = answers.json(answers.order(one))
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _made(body: bodies.NewPayment) -> checkout.Purchase | checkout.Enrolment:
    wanted = _wanted(body)
    if isinstance(wanted, paying.AmountOrder):
        return paying.pay_amount(
            till().stripe,
            caller(),
            actor(),
            wanted,
            ask_after=till().ask_after,
            finish=lambda session, made: kept(session, answers.bought(made)),
        )
    return checkout.buy_course(
        till().stripe,
        caller(),
        actor(),
        course_id=wanted,
        ask_after=till().ask_after,
        means=_means(body),
        finish=lambda session, made: kept(session, answers.bought(made)),
    )


def _wanted(body: bodies.NewPayment) -> CourseId | paying.AmountOrder:
    """The course or the amount. Raises Invalid naming each field that is missing, too much, or can't be accepted."""
    _check(body)
    if body.course_id is not None:
        return body.course_id
    if body.amount is None or body.currency is None or body.description is None:
        raise AssertionError("checked above")
    return paying.AmountOrder(
        Money(body.amount, body.currency), body.description, request_key(), _means(body)
    )


def _means(body: bodies.NewPayment) -> Means:
    return Means(method_id=body.payment_method, saves=bool(body.save))


def _check(body: bodies.NewPayment) -> None:
    errors: list[FieldError] = []
    of_amount = {"currency": body.currency, "description": body.description}
    if (body.course_id is None) == (body.amount is None):
        text = "Say either course_id or amount."
        errors += [FieldError("course_id", "one_of_two", text), FieldError("amount", "one_of_two", text)]
    elif body.course_id is not None:
        text = "The course says this already."
        errors += [FieldError(name, "not_with_course", text) for name, value in of_amount.items() if value]
    else:
        text = "An amount needs this, too."
        errors += [FieldError(name, "missing", text) for name, value in of_amount.items() if value is None]
    if body.payment_method is not None and request_key() is None:
        text = "Without a key, a lost answer could mean two charges."
        errors.append(FieldError(HEADER, "missing", text))
    if body.coupon is not None:
        coupon = FieldError("coupon", "coupon_invalid", "There is no such coupon.")
        raise Invalid([*errors, coupon], code="invalid" if errors else "coupon_invalid")
    if errors:
        raise Invalid(errors)
