"""A request that bears a key has its effect once, and its answer as often as it is asked for.

Apps send the key as ``Idempotency-Key``, pages as a hidden field. A view that changes something is decorated with
``once`` and hands its answer to ``kept`` in the transaction of its effect; both together can't be forgotten: without
``kept`` a good answer raises, and a test walks all routes for ``once``.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec

from flask import Response, current_app, g, request
from sqlalchemy.orm import Session

from azora_admin.core import db, sealing
from azora_admin.core.errors import Conflict, Declined, FieldError, Invalid, NotFound
from azora_admin.messaging import replies
from azora_admin.messaging.replies import Answer, Asked, Claim, InProgress
from azora_admin.web import bodies, errors
from azora_admin.web.callers import find_caller

P = ParamSpec("P")

HEADER: Final = "Idempotency-Key"
FIELD: Final = "idempotency_key"
REPLAYED: Final = "Idempotent-Replayed"
LONGEST: Final = 255
_PURPOSE: Final = "reply"
_KEPT_HEADERS: Final = ("Content-Type", "Location", "Cache-Control", "ETag", "HX-Redirect", "HX-Trigger")
_NOT_ASKED: Final = frozenset({"csrf_token", FIELD})


def once(view: Callable[P, Response]) -> Callable[P, Response]:
    """Decorates a view that changes something, under its permission.

    Raises Invalid for a key that is none, KeyReused, InProgress.
    """

    @wraps(view)
    def answered_once(*args: P.args, **kwargs: P.kwargs) -> Response:
        key = _key()
        if key is None:
            return _checked(view(*args, **kwargs))
        found = _claim(Asked(_principal(), key, _fingerprint()))
        if isinstance(found, Answer):
            return _replayed(found, key)
        g.claim = found
        over = False
        try:
            response = _checked(view(*args, **kwargs))
            over = response.status_code < 400
        except (NotFound, Conflict, Declined) as refused:
            # As final as a good answer. What is invalid may be mended and sent again under the same key.
            response = errors.refusal(refused)
            if not isinstance(refused, InProgress):
                with db.transaction() as session:
                    kept(session, response)
                over = True
        finally:
            if not over:
                with db.transaction() as session:
                    replies.release(session, found)
        return response

    answered_once.is_once = True  # type: ignore[attr-defined]  # read by the test that walks all routes
    return answered_once


def kept(session: Session, response: Response) -> Response:
    """Keep the answer in the transaction of its effect. Raises ClaimLost when another attempt took over.

    Called again in a later transaction of the same request, it replaces what the first one kept.
    """
    is_first = not g.get("answer_kept")
    g.answer_kept = True
    claimed: Claim | None = g.get("claim")
    if claimed is not None:
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        body = sealing.seal(_secret(), _PURPOSE, response.get_data(), about=claimed.asked.key)
        keep = replies.keep if is_first else replies.revise
        keep(session, claimed, Answer(response.status_code, headers, body))
    return response


def request_key() -> str | None:
    """The key of the request that is being answered, for an effect that has to be known by it later."""
    claimed: Claim | None = g.get("claim")
    return claimed.asked.key if claimed is not None else None


def _claim(asked: Asked) -> Claim | Answer:
    with db.transaction() as session:
        return replies.claim(session, asked)


def _replayed(answer: Answer, key: str) -> Response:
    body = sealing.unseal(_secret(), _PURPOSE, answer.body, about=key)
    response = Response(body, answer.status, dict(answer.headers))
    response.headers[REPLAYED] = "true"
    return response


def _checked(response: Response) -> Response:
    if response.status_code < 400 and not g.get("answer_kept"):
        raise RuntimeError(f"{request.endpoint} answers without having kept its answer")
    return response


def _key() -> str | None:
    key = request.form.get(FIELD) if _is_form() else request.headers.get(HEADER)
    if not key:
        return None
    if len(key) > LONGEST or not key.isascii() or not key.isprintable():
        text = f"An Idempotency-Key has 1 to {LONGEST} printable ASCII characters."
        raise Invalid([FieldError(HEADER, "invalid_key", text)])
    return key


def _principal() -> str:
    person = find_caller()
    if person is None:
        return "anybody"
    return f"key:{person.key_id}" if person.key_id else f"person:{person.person_id}"


def _fingerprint() -> bytes:
    """A hash of everything that was asked for, without what differs from one sending to the next.

    Under a key of ours: what was asked for may be a sign-up, whose password could be guessed from a bare hash.
    """
    asked = hmac.new(f"{_PURPOSE} {_secret()}".encode(), digestmod=hashlib.sha256)
    asked.update(f"{request.method} {request.full_path}\0".encode())
    if _is_form():
        fields = [pair for pair in request.form.items(multi=True) if pair[0] not in _NOT_ASKED]
        asked.update(repr(fields).encode())
    else:
        asked.update(bodies.read(at_most=current_app.config["MAX_CONTENT_LENGTH"]))
    return asked.digest()


def _is_form() -> bool:
    return not request.path.startswith(errors.MACHINE_PREFIXES)


def _secret() -> str:
    return str(current_app.secret_key)
