"""The keys that sign access tokens: ES256 (RFC 7518), one line of them, each with a time to begin and to end. Pure.

waiting (published, so that whoever verifies has it in time) → signing → retired (verifies what it has signed) → gone
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey, KeyParameters

from azora_admin.identity.rules.sessions import ACCESS_TOKEN_LIFE

ALGORITHM: Final = "ES256"
CURVE: Final = "P-256"
CLOCK_SKEW: Final = timedelta(seconds=30)
# Each process looks for new keys this often; others may keep our list of public keys so long (Cache-Control).
READ_EVERY: Final = timedelta(seconds=60)
KEPT_BY_OTHERS: Final = timedelta(minutes=5)
# How long a new key is published before it signs: more than both together.
OVERLAP: Final = timedelta(minutes=15)
# How long a retired key verifies: until the last token of a process that had not heard of its end has ended, too.
VERIFIES_FOR: Final = ACCESS_TOKEN_LIFE + READ_EVERY + 2 * CLOCK_SKEW

_USE: Final[KeyParameters] = {"use": "sig", "alg": ALGORITHM}

KeyStanding = Literal["waiting", "signing", "retired", "gone"]


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair. ``retired_at``: from when on the next one signs; None: there is no next one yet.

    ``kid`` is its RFC 7638 thumbprint.
    """

    kid: str
    active_from: datetime
    retired_at: datetime | None
    pair: ECKey = field(repr=False, compare=False)

    def standing(self, now: datetime) -> KeyStanding:
        """What the key is good for at ``now``."""
        if now < self.active_from:
            return "waiting"
        if self.retired_at is None or now < self.retired_at:
            return "signing"
        return "retired" if now < self.retired_at + VERIFIES_FOR else "gone"

    def public_point(self) -> tuple[str, str]:
        """The public half: the coordinates ``x`` and ``y`` as a JWK has them (RFC 7518, 6.2.1)."""
        public = self.pair.as_dict(private=False)
        return str(public["x"]), str(public["y"])


def new_pair() -> tuple[str, ECKey]:
    """A new key pair and its ``kid``."""
    pair = ECKey.generate_key(CURVE, _USE, private=True)
    return pair.thumbprint(), pair


def pair_bytes(pair: ECKey) -> bytes:
    """The private key in the form that is sealed and kept."""
    return pair.private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[union-attr]


def pair_from(private: bytes) -> ECKey:
    """The key pair that ``pair_bytes`` wrote."""
    return ECKey.import_key(private, _USE)


def find_signer(keys: Iterable[SigningKey], now: datetime) -> SigningKey | None:
    """The key that signs at ``now``, or None: the time between two keys is none, they begin as the one before ends."""
    return max((key for key in keys if key.standing(now) == "signing"), key=_by_age, default=None)


def find_waiting(keys: Iterable[SigningKey], now: datetime) -> SigningKey | None:
    """The key that is to sign next, if one is made already."""
    return next((key for key in keys if key.standing(now) == "waiting"), None)


def verifying(keys: Iterable[SigningKey], now: datetime) -> list[SigningKey]:
    """The keys whose tokens count, with the one that has yet to sign."""
    return [key for key in keys if key.standing(now) != "gone"]


def is_due(keys: Iterable[SigningKey], now: datetime, *, every: timedelta) -> bool:
    """Whether the newest key has signed for so long that the next one is to be made."""
    newest = max(keys, key=_by_age, default=None)
    return newest is not None and now - newest.active_from >= every


def _by_age(key: SigningKey) -> datetime:
    return key.active_from
