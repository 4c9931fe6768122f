"""Secrets as people and programs carry them: text that says what it is, and that a slip of the pen can't pass. Pure.

Letters, digits and underscores only, so that a double click takes the whole. The last six signs are the CRC-32 of all
before them in base 62: a mistyped secret is refused without a look at the database, and a scanner that searches code
for lost secrets knows ours from chance.
"""

from __future__ import annotations

import hashlib
import string
import zlib
from typing import Final

SIGNS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
CHECKSUM_LENGTH: Final = 6


def with_checksum(text: str) -> str:
    """``text`` and the six signs that prove it."""
    return text + base62(zlib.crc32(text.encode()), CHECKSUM_LENGTH)


def has_checksum(text: str) -> bool:
    """Whether ``text`` ends with the checksum of what stands before."""
    return text.isascii() and with_checksum(text[:-CHECKSUM_LENGTH]) == text


def base62(number: int, width: int) -> str:
    """``number``, which is not negative, in ``width`` signs of base 62."""
    signs = []
    for _ in range(width):
        number, rest = divmod(number, len(SIGNS))
        signs.append(SIGNS[rest])
    return "".join(reversed(signs))


def secret_hash(text: str) -> bytes:
    """What is stored of a secret text: it is random beyond guessing, so one round of SHA-256 is enough."""
    return hashlib.sha256(text.encode()).digest()
