"""JSON out: one serializer, one form for each thing, so that it reads the same wherever it appears."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response

from azora_admin.core.money import Money
from azora_admin.marketplace.queries import CourseView
from azora_admin.payments.queries import PaymentView


def _plain(value: object) -> object:
    if isinstance(value, Money):
        return {"amount": value.amount, "currency": value.currency}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def json(body: Any, status: int = 200) -> Response:
    """``body`` as JSON: times in RFC 3339 UTC with Z, ids as text, money as amount and currency."""
    return Response(
        orjson.dumps(body, _plain, orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_DATACLASS),
        status,
        content_type="application/json",
    )


def course(one: CourseView) -> dict[str, Any]:
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


def payment(one: PaymentView) -> dict[str, Any]:
    """A payment as its payer sees it; the failure is there only when the last attempt failed."""
    return {
        "id": one.id,
        "status": one.status,
        "amount": one.amount.amount,
        "currency": one.amount.currency,
        "course_id": one.course_id,
        "description": one.description,
        "stripe_payment_intent_id": one.stripe_payment_intent_id,
        "failure": {"code": one.failure_code, "message": one.failure_message} if one.failure_code else None,
        "created_at": one.created_at,
        "settled_at": one.settled_at,
    }
