"""Secrets at rest: sealed with a key of their purpose, so that a stolen backup of the database tells nothing.

And marks: proofs, by a key that the database does not have, that a row is as we wrote it.

Each purpose has its own AES-256-GCM key (NIST SP 800-38D), derived from the installation's secret key by HKDF
(RFC 5869). What is stored: a version, the id of the key, a random nonce, the ciphertext and its tag.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_VERSION: Final = b"\x01"
_KEY_ID: Final = 4
_NONCE: Final = 12
_TAG: Final = 16
_HEAD: Final = len(_VERSION) + _KEY_ID


@dataclass(frozen=True, slots=True)
class Mark:
    """Proof that whoever made it has the key: ``key_id`` names the key in public, ``value`` is an HMAC-SHA256."""

    key_id: str
    value: bytes


class SealBroken(Exception):
    """What was to be unsealed is not as we sealed it; the message says in what way, and never what was inside."""


def seal(secret_key: str, purpose: str, plain: bytes, *, about: str = "") -> bytes:
    """``plain``, readable only by ``unseal`` with the same secret key, purpose and ``about``.

    ``purpose`` names the kind of secret (``totp``). ``about`` ties the seal to its row (the row's id), so that a
    sealed value that is copied into another row is refused there. Good for 2^32 values of each purpose.
    """
    key_id, key = _key(secret_key, purpose)
    nonce = os.urandom(_NONCE)
    head = _VERSION + key_id
    return head + nonce + AESGCM(key).encrypt(nonce, plain, head + about.encode())


def unseal(secret_key: str, purpose: str, sealed: bytes, *, about: str = "") -> bytes:
    """What was sealed. Raises SealBroken: cut short, of another key, changed, or of another row."""
    if len(sealed) < _HEAD + _NONCE + _TAG or sealed[:1] != _VERSION:
        raise SealBroken(f"this is no sealed {purpose}")
    head, nonce, box = sealed[:_HEAD], sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
    key_id, key = _key(secret_key, purpose)
    if head != _VERSION + key_id:
        raise SealBroken(f"this {purpose} was sealed with another AZORA_SECRET_KEY")
    try:
        return AESGCM(key).decrypt(nonce, box, head + about.encode())
    except InvalidTag:
        raise SealBroken(f"this sealed {purpose} was changed, or belongs to something else") from None


def mark(secret_key: str, purpose: str, message: bytes) -> Mark:
    """The mark on ``message`` that only this secret key can make (RFC 2104); the message itself stays readable."""
    key_id, key = _key(secret_key, purpose)
    return Mark(key_id.hex(), hmac.digest(key, message, "sha256"))


@lru_cache(maxsize=64)
def _key(secret_key: str, purpose: str) -> tuple[bytes, bytes]:
    """The public id and the secret key of a purpose."""
    info = f"azora sealing 1 {purpose}".encode()
    material = HKDF(hashes.SHA256(), _KEY_ID + 32, salt=None, info=info).derive(secret_key.encode())
    return material[:_KEY_ID], material[_KEY_ID:]
