"""How often somebody may fail: guessing passwords is slow, for pages and for tokens alike.

Only refusals count, so nobody is kept out for coming often. Each web process counts for itself.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

_FAILURES: Final = "10 per minute; 60 per hour"
_REFUSED: Final = frozenset({401, 422})

_limiter: Final = Limiter(
    get_remote_address, storage_uri="memory://", strategy="moving-window", headers_enabled=True
)


def install(app: Flask) -> None:
    """Count for ``app``, from nought."""
    _limiter.init_app(app)


def _is_refusal(response: Response) -> bool:
    return response.status_code in _REFUSED


limit_failures: Final = _limiter.shared_limit(_FAILURES, scope="sign-in", deduct_when=_is_refusal)
"""Decorates a view that checks a password: 429 for an address that failed too often (RFC 6585)."""

limit_sign_ups: Final = _limiter.shared_limit("120 per minute", scope="sign-up")
"""Decorates a view that opens accounts, each of which costs a hash: 429 for an address that opens too many."""
