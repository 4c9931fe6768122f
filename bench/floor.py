"""The floor: what somebody would write by hand for these three addresses and nothing else.

Flask, psycopg's pool, one SQL statement a request, the same JSON. No errors, no headers, no second use of anything.
The token is checked in the same way (ES256 once, then remembered), cursors are signed in the same way.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from flask import Flask, Response, abort, request
from joserfc import jwt
from joserfc.jwk import ECKey
from psycopg_pool import ConnectionPool

_COURSES = (
    "SELECT id, title, slug, summary, category, level, language, price_minor, currency, instructor_id, published_at"
    " FROM course WHERE status = 'published'"
)
_FIRST = _COURSES + " ORDER BY published_at DESC, id DESC LIMIT %s"
_AFTER = _COURSES + " AND (published_at, id) < (%s, %s) ORDER BY published_at DESC, id DESC LIMIT %s"
_PAYMENT = (
    "SELECT id, status, amount_minor, currency, course_id, description, stripe_payment_intent_id, failure_code,"
    " failure_message, refunded_minor, created_at, settled_at,"
    " EXISTS (SELECT FROM refund WHERE payment_id = payment.id),"
    " (SELECT row_to_json(p) FROM refund_policy p WHERE p.version = refund_policy_version)"
    " FROM payment WHERE id = %s AND payer_id = %s"
)
_EVENT = (
    "INSERT INTO floor_inbox_event (id, source, type, object_id, api_version, raw, state, attempts, created_at,"
    " received_at, next_try_at) VALUES (%s, 'stripe', %s, %s, %s, %s, 'received', 0, %s, %s, %s)"
    " ON CONFLICT DO NOTHING"
)


def make_application() -> Flask:
    """The floor's application, from FLOOR_DATABASE_URL, FLOOR_SECRET, FLOOR_TOKEN_KEY and FLOOR_WEBHOOK_SECRET."""
    app = Flask("floor", static_folder=None)
    _add_courses(app, _pool(autocommit=True), os.environ["FLOOR_SECRET"].encode())
    _add_payments(app, _pool(autocommit=True), ECKey.import_key(json.loads(os.environ["FLOOR_TOKEN_KEY"])))
    _add_webhook(app, _pool(autocommit=False), os.environ["FLOOR_WEBHOOK_SECRET"].encode())
    return app


def _pool(*, autocommit: bool) -> ConnectionPool[Any]:
    options = {"autocommit": autocommit, "prepare_threshold": 0, "options": "-c timezone=UTC"}
    return ConnectionPool(os.environ["FLOOR_DATABASE_URL"], min_size=2, max_size=2, kwargs=options, open=True)


def _add_courses(app: Flask, pool: ConnectionPool[Any], secret: bytes) -> None:
    def signature(body: bytes) -> bytes:
        return hmac.digest(secret, b"courses\0" + body, "sha256")[:10]

    @app.get("/api/v1/courses")
    def courses() -> Response:
        limit = int(request.args.get("limit", 20))
        cursor = request.args.get("cursor")
        with pool.connection() as connection:
            if cursor:
                signed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
                if not hmac.compare_digest(signed[:10], signature(signed[10:])):
                    abort(422)
                micros, hexadecimal, _ = json.loads(signed[10:])
                at = datetime.fromtimestamp(micros / 1e6, UTC)
                rows = connection.execute(_AFTER, (at, UUID(hexadecimal), limit + 1)).fetchall()
            else:
                rows = connection.execute(_FIRST, (limit + 1,)).fetchall()
        following = None
        if len(rows) > limit:
            last = rows[limit - 1]
            micros = round(last[10].timestamp() * 1e6)
            body = json.dumps([micros, last[0].hex, 0], separators=(",", ":")).encode()
            following = base64.urlsafe_b64encode(signature(body) + body).decode().rstrip("=")
        items = [
            {
                "id": row[0],
                "title": row[1],
                "slug": row[2],
                "summary": row[3],
                "category": row[4],
                "level": row[5],
                "language": row[6],
                "price": {"amount": row[7], "currency": row[8]},
                "instructor_id": row[9],
                "published_at": row[10],
            }
            for row in rows[:limit]
        ]
        return _json({"items": items, "next_cursor": following})


def _add_payments(app: Flask, pool: ConnectionPool[Any], key: ECKey) -> None:
    known: dict[str, dict[str, Any]] = {}

    @app.get("/api/v1/payments/<payment_id>")
    def payment(payment_id: str) -> Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        claims = known.get(token)
        if claims is None:
            claims = known[token] = jwt.decode(token, key, algorithms=["ES256"]).claims
        if claims["exp"] < time.time():
            abort(401)
        with pool.connection() as connection:
            row = connection.execute(_PAYMENT, (UUID(payment_id), UUID(claims["sub"]))).fetchone()
        if row is None:
            abort(404)
        found = {
            "id": row[0],
            "status": row[1],
            "amount": row[2],
            "currency": row[3],
            "course_id": row[4],
            "description": row[5],
            "stripe_payment_intent_id": row[6],
            "failure": {"code": row[7], "message": row[8]} if row[7] else None,
            "refunded": row[9],
            "refund_policy": _policy(row[13]),
            "created_at": row[10],
            "settled_at": row[11],
            "refunds": ["the bench has none"] if row[12] else [],
        }
        return _json(found)


def _policy(row: dict[str, Any]) -> dict[str, Any]:
    minor, currency = row["automatic_up_to_minor"], row["automatic_currency"]
    return {
        "version": row["version"],
        "days": row["days"],
        "most_progress": row["most_progress"],
        "automatic_up_to": None if minor is None else {"amount": minor, "currency": currency},
        "text": row["text"],
    }


def _add_webhook(app: Flask, pool: ConnectionPool[Any], secret: bytes) -> None:
    @app.post("/webhooks/stripe")
    def webhook() -> Response:
        raw = request.get_data(cache=False)
        parts = dict(part.split("=", 1) for part in request.headers["Stripe-Signature"].split(","))
        wanted = hmac.new(secret, parts["t"].encode() + b"." + raw, "sha256").hexdigest()
        if abs(time.time() - int(parts["t"])) > 300 or not hmac.compare_digest(wanted, parts["v1"]):
            abort(400)
        event = json.loads(raw)
        now, created = datetime.now(UTC), datetime.fromtimestamp(event["created"], UTC)
        values = (
            event["id"],
            event["type"],
            event["data"]["object"]["id"],
            event["api_version"],
            raw,
            created,
        )
        with pool.connection() as connection:
            connection.execute(_EVENT, (*values, now, now))
        return Response("{}", mimetype="application/json")


def _json(body: object) -> Response:
    return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z), mimetype="application/json")
