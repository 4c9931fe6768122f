"""One installation's signing key, the tokens that it writes, and those that others would like it to have written."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey

from azora_admin.api.access_tokens import AccessTokens
from azora_admin.api.keyring import KeyRing
from azora_admin.core import clock
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Unauthenticated
from azora_admin.core.ids import PersonId
from azora_admin.identity.queries.signing_keys import KeysFound
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.rules.signing_keys import SigningKey, new_pair

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
LENA = SignedIn(
    None, PersonId(UUID(int=7)), "Lena Süß", "lena@example.com", frozenset({"learner", "instructor"})
)


def new_key() -> SigningKey:
    kid, pair = new_pair()
    return SigningKey(kid, NOON - timedelta(days=1), None, pair)


def tokens_of(*keys: SigningKey) -> AccessTokens:
    """The tokens of an installation with these keys."""
    return AccessTokens(KeyRing(lambda: KeysFound(keys, frozenset())))


KEY = new_key()
tokens = tokens_of(KEY)


def issued(person: SignedIn = LENA, by: AccessTokens = tokens) -> str:
    """A token of noon."""
    with clock.use(FixedClock(NOON)):
        return by.issue(person)


def read(token: str, *, at: datetime = NOON) -> SignedIn:
    with clock.use(FixedClock(at)):
        return tokens.read(token)


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(decoded(token.split(".")[1]))
    return claims


def header_of(token: str) -> dict[str, Any]:
    header: dict[str, Any] = json.loads(decoded(token.split(".", maxsplit=1)[0]))
    return header


def signed(claims: Any, *, by: ECKey = KEY.pair, **header: Any) -> str:
    """A token of any claims and header: by the installation's own key, what another program of ours could write."""
    text = f"{encoded({**header_of(issued()), **header})}.{encoded(claims)}"
    private = by.private_key
    assert private is not None
    r, s = decode_dss_signature(private.sign(text.encode(), ECDSA(SHA256())))
    return f"{text}.{unpadded(r.to_bytes(32) + s.to_bytes(32))}"


def encoded(value: object) -> str:
    return unpadded(json.dumps(value, separators=(",", ":")).encode())


def unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def nested(text: str, depth: int) -> str:
    """A header that opens ``depth`` brackets: a parser that recurses runs out of stack."""
    return base64.urlsafe_b64encode(text.encode() * depth).decode().rstrip("=") + ".e30.x"


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def refused(token: str, *, at: datetime = NOON) -> Unauthenticated:
    """What is said to whoever comes with ``token``."""
    with pytest.raises(Unauthenticated) as refusal:
        read(token, at=at)
    assert refusal.value.status == 401
    return refusal.value


def refusal(token: str, *, at: datetime = NOON) -> str:
    """The code with which ``token`` is refused."""
    return refused(token, at=at).code
