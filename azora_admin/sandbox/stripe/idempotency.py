"""Idempotency keys as Stripe keeps them: per account, 24 hours, an answer once the execution began.

The answer is stored by the transaction that did the work, so either both are there or neither is.
Source: docs.stripe.com/api/idempotent_requests.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Final

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.errors import ApiError
from azora_admin.sandbox.stripe.json_types import Form

LONGEST: Final = 255
KEPT_FOR: Final = 24 * 3_600.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What was answered the first time."""

    request_id: str
    status: int
    body: bytes


def check_length(key: str) -> None:
    if len(key) > LONGEST:
        raise ApiError(
            400,
            f"Idempotency keys must be at most {LONGEST} characters long; yours has {len(key)}.",
            kind="idempotency_error",
            kept=False,
        )


def fingerprint(form: Form) -> str:
    """The same for the same parameters, whatever their order."""
    return hashlib.sha256(json.dumps(form, sort_keys=True).encode()).hexdigest()


def find_kept(book: Book, key: str, endpoint: str, form: Form) -> Kept | None:
    """The first answer under ``key``. Raises ApiError 400 ``idempotency_error`` if it was another request."""
    found = book.store.row(
        "SELECT endpoint, fingerprint, request_id, status, body FROM idempotency"
        " WHERE account = ? AND key = ? AND created_at > ?",
        (book.account, key, book.now - KEPT_FOR),
    )
    if found is None:
        return None
    if found[0] != endpoint:
        raise _other_request(
            f"for the same endpoint they were first used for ('{endpoint}' vs '{found[0]}')", key
        )
    if found[1] != fingerprint(form):
        raise _other_request("with the same parameters they were first used with", key)
    return Kept(found[2], found[3], bytes(found[4]))


def keep(book: Book, key: str, endpoint: str, form: Form, kept: Kept) -> None:
    """Remembers the answer; an expired one under the same key gives way."""
    book.store.run(
        "INSERT OR REPLACE INTO idempotency (account, key, endpoint, fingerprint, request_id, status, body, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (book.account, key, endpoint, fingerprint(form), kept.request_id, kept.status, kept.body, book.now),
    )


def in_use(key: str) -> ApiError:
    """409: the first request under ``key`` has not been answered yet."""
    return ApiError(
        409,
        f"There is currently another in-progress request using this Idempotent Key ({key}) (that probably means you "
        "submitted twice, and the other request is still going through). Please try again later.",
        kind="idempotency_error",
        code="idempotency_key_in_use",
        kept=False,
    )


def _other_request(how: str, key: str) -> ApiError:
    return ApiError(
        400,
        f"Keys for idempotent requests can only be used {how}. Try using a key other than '{key}' if you meant to "
        "execute a different request.",
        kind="idempotency_error",
        kept=False,
    )
