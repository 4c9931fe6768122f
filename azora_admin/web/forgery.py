"""Forged forms: a form counts only with a token that a page of ours gave to this very session.

The token is written into each page under a new mask: what compresses a page next to what a stranger may put into
its address can't be made to tell the token letter by letter (BREACH), so a proxy may compress pages.
"""

from __future__ import annotations

import base64
import secrets
from typing import Any, Final

from flask import Flask, g, request
from flask_wtf.csrf import CSRFError, CSRFProtect, generate_csrf

from azora_admin.core.errors import DomainError

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# What a browser says of a request that a page of ours made, or its user by hand. Older ones say nothing.
_OURS: Final = frozenset({"same-origin", "none", None})


class FormExpired(DomainError):
    """The form is not from a page of this session: it is too old, or it is forged."""

    def __init__(self) -> None:
        detail = "Nothing was changed. The page was opened before you last signed in or out: open it again."
        super().__init__(400, "form_expired", detail)


class _MaskedTokens(CSRFProtect):  # type: ignore[misc]  # flask_wtf has no types
    """Flask-WTF's check of tokens that come back masked."""

    def _get_csrf_token(self) -> str | None:
        masked = super()._get_csrf_token()
        return _unmasked(masked) if masked else None


_tokens: Final = _MaskedTokens()


def install(app: Flask) -> None:
    """Give templates ``csrf_token()``. Guards call ``check`` themselves: the API has no cookie to forge."""
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_TIME_LIMIT=None)
    _tokens.init_app(app)
    app.jinja_env.globals["csrf_token"] = token

    @app.context_processor
    def tokens() -> dict[str, Any]:
        return {"csrf_token": token}


def check() -> None:
    """Raise FormExpired unless the request changes nothing or its form is from a page of this session."""
    if request.method in _SAFE_METHODS:
        return
    if request.headers.get("Sec-Fetch-Site") not in _OURS:
        raise FormExpired
    try:
        _tokens.protect()
    except CSRFError:
        raise FormExpired from None


def token() -> str:
    """The session's token under this answer's mask."""
    masked: str | None = g.get("masked_token")
    if masked is None:
        masked = g.masked_token = _masked(generate_csrf())
    return masked


def _masked(text: str) -> str:
    raw = text.encode()
    mask = secrets.token_bytes(len(raw))
    return base64.urlsafe_b64encode(mask + _xor(mask, raw)).decode()


def _unmasked(text: str) -> str | None:
    """What was masked, or None for anything that ``_masked`` would not have written."""
    try:
        both = base64.urlsafe_b64decode(text)
        middle = len(both) // 2
        return _xor(both[:middle], both[middle : 2 * middle]).decode()
    except ValueError:
        return None


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
