"""How often somebody may come. Every route is limited by being a route; some are limited more strictly besides.

Whoever is known is counted as themselves, wherever they come from, and only the others by address. Passwords and new
accounts are counted by address alone.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from flask import Flask, Response, current_app
from flask_limiter import Limit, RateLimitExceeded

from azora_admin.core.config import Settings
from azora_admin.web import errors, known_callers, request_ids
from azora_admin.web.buckets import SCHEME
from azora_admin.web.known_callers import address, caller_or_address, is_unvalidated
from azora_admin.web.limiter import RouteLimiter, seconds_to_wait

log = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

# What a caller may ask in all is a setting, AZORA_REQUESTS_PER_MINUTE.
UNVALIDATED: Final = "1200 per minute"
MONEY: Final = "120 per minute"
# The first line only: what is tried at an account is counted in the database (identity/rules/tries.py).
SIGN_INS: Final = "300 per minute"
FAILURES: Final = "40 per minute; 400 per hour"
SIGN_UPS: Final = "120 per minute"
MAILS: Final = "30 per minute"
PAPERS: Final = "120 per minute"
REFRESHES: Final = "1200 per minute"
# More than two server processes can take: Stripe isn't told to wait, and what comes in is bounded all the same.
WEBHOOKS: Final = "600000 per minute"
_CONFIGURED: Final = "AZORA_REQUESTS_PER_MINUTE"
_REFUSED: Final = frozenset({401, 410, 422})


def _requests() -> str:
    return f"{current_app.config[_CONFIGURED]} per minute"


def _is_refusal(response: Response) -> bool:
    return response.status_code in _REFUSED


limiter: Final = RouteLimiter(
    caller_or_address,
    strategy="fixed-window",
    storage_uri=f"{SCHEME}://",
    default_limits=[
        Limit(_requests, scope="requests", shared=True, exempt_when=is_unvalidated),
        Limit(
            UNVALIDATED,
            address,
            scope="unvalidated-tokens",
            shared=True,
            exempt_when=lambda: not is_unvalidated(),
        ),
    ],
)
_sign_ins: Final = limiter.shared_limit(SIGN_INS, scope="sign-ins", key_func=address, override_defaults=False)
_failures: Final = limiter.shared_limit(
    FAILURES, scope="failed-sign-ins", key_func=address, override_defaults=False, deduct_when=_is_refusal
)

limit_money: Final = limiter.shared_limit(MONEY, scope="money", override_defaults=False)
"""Decorates, under ``once``, a view that moves money: a person or machine does so only now and then.

An answer that is given again moves none, and is not counted.
"""

limit_sign_ups: Final = limiter.shared_limit(
    SIGN_UPS, scope="sign-ups", key_func=address, override_defaults=False
)
"""Decorates a view that opens accounts, each of which costs a hash."""

limit_mails: Final = limiter.shared_limit(MAILS, scope="mails", key_func=address, override_defaults=False)
"""Decorates a view by which anybody can have a mail sent to an address that they name."""

limit_papers: Final = limiter.shared_limit(PAPERS, scope="papers", override_defaults=False)
"""Decorates a view by which somebody known has a document of theirs mailed again."""

limit_refreshes: Final = limiter.shared_limit(
    REFRESHES, scope="refreshes", key_func=address, override_defaults=False
)
"""Decorates a view that looks a token up which came in the body: no guard has accepted anything."""

limit_webhooks: Final = limiter.shared_limit(WEBHOOKS, scope="webhooks", key_func=address)
"""Call with a blueprint to which other machines tell their events: a bucket of its own instead of everybody's."""


def limit_failures(view: Callable[P, R]) -> Callable[P, R]:
    """Decorates a view that checks a password or a code: what an address may fail at and have hashed is bounded.

    Pages and the API count together.
    """
    return _failures(_sign_ins(view))


def unlimited(view: Callable[P, R]) -> Callable[P, R]:
    """Decorates a view that has to answer however often it is asked; a test names each with its reason."""
    view.is_unlimited = True  # type: ignore[attr-defined]  # read by the contract
    return limiter.exempt(view)


def install(app: Flask, settings: Settings) -> None:
    """Count for ``app``, from nought, in this process and in the Redis of the settings when there is one."""
    app.config[_CONFIGURED] = settings.requests_per_minute
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {"redis_url": settings.redis_url.get_secret_value()}
    known_callers.install(app)
    limiter.init_app(app)
    app.register_error_handler(RateLimitExceeded, _refused)


def _refused(error: RateLimitExceeded) -> Response:
    seconds = seconds_to_wait()
    wait = f"{seconds} second{'' if seconds == 1 else 's'}" if seconds < 120 else f"{seconds // 60} minutes"
    log.info("request %s: %s is exceeded", request_ids.current(), error.limit.scope)
    return errors.answer(429, code="rate_limited", detail=f"You can go on in {wait}.")
