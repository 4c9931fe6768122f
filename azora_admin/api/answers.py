"""JSON out: one serializer, one form for each thing, so that it reads the same wherever it appears."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
from flask import Response

from azora_admin.api import document_shapes, refund_shapes, shapes
from azora_admin.api.description import JSON
from azora_admin.core.money import Money
from azora_admin.flows.checkout import Enrolment, Purchase
from azora_admin.flows.refund_requests import Judged
from azora_admin.flows.refunding import Plan, Requested
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.rules.signing_keys import SigningKey
from azora_admin.ledger.rules import Leg
from azora_admin.marketplace.queries import CourseView, EnrolmentView, Reason
from azora_admin.payments.queries import DocumentView, PaymentView, RefundRequestView, RefundView
from azora_admin.payments.rules.refund_policy import Policy
from azora_admin.reports.instructor_balance import InstructorBalance


def _plain(value: object) -> object:
    if isinstance(value, Money):
        return {"amount": value.amount, "currency": value.currency}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def json(body: Any, status: int = 200) -> Response:
    """``body`` as JSON: times in RFC 3339 UTC with Z, ids as text, money as amount and currency."""
    return Response(
        orjson.dumps(body, _plain, orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_DATACLASS),
        status,
        content_type=JSON,
    )


def nothing() -> Response:
    """Done, and there is nothing to say (204)."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response


def person(one: SignedIn) -> shapes.Person:
    """Somebody as they see themselves."""
    return {"id": one.person_id, "email": one.email, "name": one.name, "roles": sorted(one.roles)}


def tokens(*, access: str, refresh: str, life: timedelta) -> shapes.Tokens:
    """A pair of tokens; the access token's ``life`` begins now."""
    return {
        "access_token": access,
        "refresh_token": refresh,
        "token_type": "Bearer",
        "expires_in": int(life.total_seconds()),
    }


def public_key(key: SigningKey) -> shapes.PublicKey:
    """The public half of a key that signs access tokens."""
    x, y = key.public_point()
    return {"kid": key.kid, "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "x": x, "y": y}


def access(reasons: Sequence[Reason]) -> shapes.Access:
    """Whether a course may be opened: there is a reason."""
    told: list[shapes.Reason] = [
        {"reason": one.reason, "payment_id": one.payment_id, "since": one.since} for one in reasons
    ]
    return {"allowed": bool(told), "reasons": told}


def course(one: CourseView) -> shapes.Course:
    """A course of the shelf."""
    return {
        "id": one.id,
        "title": one.title,
        "slug": one.slug,
        "summary": one.summary,
        "category": one.category,
        "level": one.level,
        "language": one.language,
        "price": one.price,
        "instructor_id": one.instructor_id,
        "published_at": one.published_at,
    }


def payment(one: PaymentView) -> shapes.Payment:
    """A payment as its payer sees it; the failure is there only when the last attempt failed."""
    return {
        "id": one.id,
        "status": one.status,
        "amount": one.amount.amount,
        "currency": one.amount.currency,
        "course_id": one.course_id,
        "description": one.description,
        "stripe_payment_intent_id": one.stripe_payment_intent_id,
        "failure": _failure(one),
        "refunded": one.refunded.amount,
        "refund_policy": refund_policy(one.policy),
        "created_at": one.created_at,
        "settled_at": one.settled_at,
    }


def payment_with_refunds(one: PaymentView, refunds: Sequence[RefundView]) -> shapes.PaymentWithRefunds:
    """A payment with everything that went back of it."""
    return {**payment(one), "refunds": [refund(each) for each in refunds]}


def refund_policy(one: Policy) -> shapes.RefundPolicy:
    """The policy of a purchase."""
    return {
        "version": one.version,
        "days": one.days,
        "most_progress": one.most_progress,
        "automatic_up_to": one.automatic_up_to,
        "text": one.text,
    }


def refund_request(one: RefundRequestView) -> refund_shapes.RefundRequest:
    """A request as its payer sees it."""
    return {
        "id": one.id,
        "payment_id": one.payment_id,
        "status": one.state,
        "amount": one.amount.amount,
        "currency": one.amount.currency,
        "reason": one.reason,
        "note": one.note,
        "verdict": one.verdict,
        "days": one.days,
        "progress": one.progress,
        "refund": _refund_of(one),
        "decline_reason": one.decline_reason,
        "requested_at": one.requested_at,
        "decided_at": one.decided_at,
    }


def refund_request_plan(judged: Judged) -> refund_shapes.RefundRequestPlan:
    """What a request would lead to."""
    return {
        "amount": judged.amount.amount,
        "currency": judged.amount.currency,
        "verdict": judged.verdict.outcome,
        "sentence": judged.verdict.sentence,
        "days": judged.asked.days,
        "progress": judged.asked.progress,
        "refund_policy": refund_policy(judged.policy),
    }


def refund(one: RefundView) -> shapes.Refund:
    """A refund; its note is for staff, on pages."""
    return {
        "id": one.id,
        "payment_id": one.payment_id,
        "status": one.state,
        "amount": one.amount.amount,
        "currency": one.amount.currency,
        "reason": one.reason,
        "source": "ours" if one.source == "ours" else "dashboard",
        "stripe_refund_id": one.stripe_refund_id,
        "failure": one.failure_reason,
        "requested_at": one.requested_at,
        "settled_at": one.settled_at,
    }


def document(one: DocumentView) -> document_shapes.Document:
    """A document as it was given out."""
    content = one.content
    return {
        "id": one.id,
        "kind": one.kind,
        "number": one.number,
        "payment_id": one.payment_id,
        "refund_id": one.refund_id,
        "refers_to": one.refers_to,
        "total": one.total.amount,
        "tax": one.tax.amount,
        "currency": one.total.currency,
        "seller": {
            "name": content.seller.name,
            "email": content.seller.email,
            "address": content.seller.address,
            "tax_id": content.seller.tax_id,
        },
        "buyer": {"name": content.buyer.name, "email": content.buyer.email},
        "lines": [{"text": line.text, "amount": line.amount} for line in content.lines],
        "paid_at": content.paid_at,
        "issued_at": one.issued_at,
    }


def refund_made(made: Requested) -> shapes.RefundMade:
    """A refund and its lines in the ledger."""
    return {**refund(made.refund), "legs": refund_legs(made.legs)}


def refund_plan(plan: Plan) -> shapes.RefundPlan:
    """What a refund would do."""
    return {
        "amount": plan.amount.amount,
        "currency": plan.amount.currency,
        "left": plan.left.amount,
        "needs_second_approval": plan.approver is not None,
        "approval_by": plan.approver,
        "ends_access": plan.ends_access,
        "legs": refund_legs(plan.legs),
    }


def refund_legs(legs: Sequence[Leg]) -> list[shapes.RefundLeg]:
    """Lines of the ledger."""
    return [
        {
            "account": leg.key,
            "amount": leg.amount,
            "currency": leg.asset,
            "available_at": leg.available_at,
        }
        for leg in legs
    ]


def bought(one: Purchase | Enrolment) -> Response:
    """What was bought: an order to confirm, with where it is, or a free course. Nobody keeps its secret on the way."""
    if isinstance(one, Enrolment):
        return json(enrolled(one), 201)
    answer = json(order(one), 201)
    answer.headers["Location"] = f"/api/v1/payments/{one.payment.id}"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def order(one: Purchase) -> shapes.Order:
    """A payment that its payer's app can confirm."""
    return {**payment(one.payment), "client_secret": one.client_secret}


def enrolled(bought: Enrolment) -> shapes.Enrolled:
    """A free course, open at once."""
    return {"enrollment": {"course_id": bought.course_id, "enrolled_at": bought.enrolled_at}}


def enrolment(one: EnrolmentView) -> shapes.CourseEnrolment:
    """A course that its learner is in, and how far they came."""
    return {
        "id": one.id,
        "course_id": one.course_id,
        "title": one.title,
        "enrolled_at": one.enrolled_at,
        "is_open": one.is_open,
        "progress": {
            "lessons": one.progress.lessons,
            "opened": one.progress.opened,
            "completed": one.progress.completed,
            "percent": one.progress.percent,
        },
    }


def earnings(balances: Sequence[InstructorBalance]) -> shapes.Earnings:
    """What an instructor has earned, a balance for each currency."""
    return {"items": [_balance(one) for one in balances]}


def _refund_of(one: RefundRequestView) -> refund_shapes.RefundOfRequest | None:
    if one.refund_id is None or one.refund_state is None or one.refund_state == "waiting":
        return None
    return {"id": one.refund_id, "status": one.refund_state, "failure": one.failure_reason}


def _failure(one: PaymentView) -> shapes.Failure | None:
    if not one.failure_code:
        return None
    return {"code": one.failure_code, "message": one.failure_message}


def _balance(one: InstructorBalance) -> shapes.Balance:
    return {
        "currency": one.total.currency,
        "earned": one.total.amount,
        "pending": one.pending.amount,
        "available": one.available.amount,
        "sales": one.sales,
    }
