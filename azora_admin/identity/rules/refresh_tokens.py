"""Refresh tokens: each is good for one other. A family of them, from a sign-in on, is an app that is signed in. Pure.

fresh → spent (its successor is there); spent a moment ago: the same successor again; spent longer ago: somebody else
has it, and the family ends.
"""

from __future__ import annotations

import hmac
import re
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from azora_admin.core.errors import Unauthenticated
from azora_admin.identity.rules.secret_texts import CHECKSUM_LENGTH, base62, has_checksum, with_checksum

PREFIX: Final = "azr_"
# For so long a spent token leads to the same successor: for an app that asks twice at once, or lost the answer.
GRACE: Final = timedelta(seconds=30)
APP_IDLE: Final = timedelta(days=30)
APP_LONGEST: Final = timedelta(days=180)
APPS_MOST: Final = 50
RANDOM_BYTES: Final = 32
# 62^43 is the first power that 32 bytes don't reach.
_SECRET_LENGTH: Final = 43
_FORM: Final = re.compile(rf"{PREFIX}[0-9A-Za-z]{{{_SECRET_LENGTH + CHECKSUM_LENGTH}}}")

EndReason = Literal["revoked", "ended", "reused", "password_changed", "crowded"]
Use = Literal["first", "repeated", "reused"]


def write_refresh_token(random: bytes) -> str:
    """The text of a token, from 32 bytes that nobody can guess."""
    return with_checksum(PREFIX + base62(int.from_bytes(random), _SECRET_LENGTH))


def is_refresh_token(text: str) -> bool:
    """Whether ``text`` can be a token of ours: what is mistyped or made up needs no look at the database."""
    return _FORM.fullmatch(text) is not None and has_checksum(text)


def successor(token: str, *, secret_key: str) -> str:
    """The token that ``token`` is good for: the same whenever it is asked for, and not kept anywhere.

    It takes both to make it: the token, which only its holder has, and the installation's secret key.
    """
    return write_refresh_token(hmac.digest(_key(secret_key), token.encode(), "sha256"))


def use_of(*, spent_at: datetime | None, now: datetime) -> Use:
    """What it means that a token is used at ``now``."""
    if spent_at is None:
        return "first"
    return "repeated" if now - spent_at <= GRACE else "reused"


def check_family(
    *, now: datetime, last_used_at: datetime, expires_at: datetime, ended_at: datetime | None
) -> None:
    """Raises Unauthenticated ``session_ended`` or ``refresh_token_expired`` when the app is not signed in any more."""
    if ended_at is not None:
        raise Unauthenticated("session_ended", "This app was signed out: sign in again.")
    if now >= expires_at or now - last_used_at >= APP_IDLE:
        raise Unauthenticated("refresh_token_expired", "The refresh token has expired: sign in again.")


def invalid_refresh_token() -> Unauthenticated:
    """What is said of a token that we never gave."""
    return Unauthenticated("invalid_refresh_token", "The refresh token is not one of ours: sign in again.")


def reused_refresh_token() -> Unauthenticated:
    """What is said when a token comes back that was spent long ago."""
    return Unauthenticated(
        "refresh_token_reused",
        "This refresh token was used before, so somebody else may have it. The app was signed out: sign in again.",
    )


@lru_cache(maxsize=4)
def _key(secret_key: str) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"azora refresh tokens 1").derive(secret_key.encode())
