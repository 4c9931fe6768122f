"""Creating something at Stripe once, whatever becomes of the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from azora_admin.gateways.stripe.client import NoAnswer

T = TypeVar("T")
_KEYS: Final = 3


def create_once(key: str, *, create: Callable[[str], T], find: Callable[[], T | None]) -> T:
    """Create under ``key``. Where Stripe keeps a failure or another body under it, take what is there, or a next key.

    Source: docs.stripe.com/api/idempotent_requests: a stored answer is repeated, "including 500 errors".
    """
    for number in range(1, _KEYS + 1):
        try:
            return create(key if number == 1 else f"{key}-{number}")
        except NoAnswer as lost:
            if not lost.is_final:
                raise
        found = find()
        if found is not None:
            return found
    raise NoAnswer
