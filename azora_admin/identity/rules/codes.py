"""Codes that a person types: those of an authenticator app (TOTP, RFC 6238) and recovery codes. Pure.

SHA-1, six digits, thirty seconds: what every authenticator app knows, some of them nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

ISSUER: Final = "Azora"
SECRET_BYTES: Final = 20
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10
_DIGITS: Final = 6
_STEP_SECONDS: Final = 30
# The clock of a phone and a slow finger: the code before and the one after count, too.
_WINDOW: Final = (0, -1, 1)
_APP_CODE: Final = re.compile(r"[0-9]{6}")
_RECOVERY_CODE: Final = re.compile(r"[a-z2-7]{16}")
# The alphabet of recovery codes has no 0, 1 and 8: whoever types one has read an o, an l or a b.
_MISREAD: Final = str.maketrans({"0": "o", "1": "l", "8": "b", "-": "", " ": ""})


def matching_step(secret: bytes, code: str, *, now: datetime, last_step: int | None) -> int | None:
    """The step (half minutes since 1970) that ``code`` is the code of, or None.

    The steps next to the present one count. A step up to ``last_step``, the last one that let somebody in,
    doesn't: no code is good twice (RFC 6238, 5.2).
    """
    given = re.sub(r"\s", "", code)
    if not _APP_CODE.fullmatch(given):
        return None
    present = int(now.timestamp()) // _STEP_SECONDS
    for step in (present + offset for offset in _WINDOW):
        is_new = last_step is None or step > last_step
        if is_new and hmac.compare_digest(code_at(secret, step).encode(), given.encode()):
            return step
    return None


def code_at(secret: bytes, step: int) -> str:
    """What an authenticator app with ``secret`` shows in this half minute."""
    return _totp(secret).generate(step * _STEP_SECONDS).decode()


def setup_address(secret: bytes, *, email: str) -> str:
    """The otpauth address that an authenticator app reads from the QR code."""
    return _totp(secret).get_provisioning_uri(email, ISSUER)


def setup_key(secret: bytes) -> str:
    """The secret as a person types it: base32 in groups of four."""
    return _in_fours(base64.b32encode(secret).decode().rstrip("="), " ")


def recovery_code(randomness: bytes) -> str:
    """A recovery code of ``RECOVERY_BYTES`` random bytes: 80 bits, four groups of four letters."""
    if len(randomness) != RECOVERY_BYTES:
        raise ValueError(f"a recovery code is made of {RECOVERY_BYTES} bytes")
    return _in_fours(base64.b32encode(randomness).decode().lower(), "-")


def recovery_hash(code: str) -> bytes | None:
    """What is stored of a recovery code, however it is typed; None for what can't be one.

    One round of SHA-256 is enough: it has 80 random bits.
    """
    letters = re.sub(r"\s", "", code).lower().translate(_MISREAD)
    return hashlib.sha256(letters.encode()).digest() if _RECOVERY_CODE.fullmatch(letters) else None


def _totp(secret: bytes) -> TOTP:
    return TOTP(secret, _DIGITS, SHA1(), _STEP_SECONDS)  # noqa: S303  # HMAC-SHA-1 is not broken


def _in_fours(text: str, between: str) -> str:
    return between.join(text[at : at + 4] for at in range(0, len(text), 4))
