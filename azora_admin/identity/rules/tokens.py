"""Access tokens: short-lived JWTs signed with ES256 (RFC 7518), read without a look at the database.

The signing key is derived from the secret key (HKDF, RFC 5869), so that every process of an installation
has it and no file has to be shared. Its ``kid`` is the RFC 7638 thumbprint.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from pydantic import BaseModel, ConfigDict, Field

from azora_admin.core.errors import Unauthenticated
from azora_admin.core.ids import PersonId
from azora_admin.identity.rules.callers import SignedIn

ALGORITHM: Final = "ES256"
ISSUER: Final[Literal["azora-admin"]] = "azora-admin"
_CLOCK_SKEW: Final = timedelta(seconds=30)
_REMEMBERED: Final = 4096
_LONGEST: Final = 4096
_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class _Claims(BaseModel):
    """What we write into a token, each claim of its type; ``iat`` and ``exp`` in seconds since 1970."""

    model_config = ConfigDict(strict=True, frozen=True)

    iss: Literal["azora-admin"]
    sub: UUID = Field(strict=False)
    name: str
    email: str
    roles: frozenset[str] = Field(strict=False)
    iat: int
    exp: int

    def person(self) -> SignedIn:
        return SignedIn(None, PersonId(self.sub), self.name, self.email, self.roles)


class AccessTokens:
    """Issues and reads the access tokens of one installation."""

    def __init__(self, secret_key: str) -> None:
        self._key = _signing_key(secret_key)
        self._header = {"alg": ALGORITHM, "typ": "JWT", "kid": self._key.thumbprint()}
        # The one header that we write: a token with any other (alg, kid, jwk, crit …) isn't even parsed.
        self._head = jwt.encode(self._header, {}, self._key, [ALGORITHM]).split(".")[0] + "."
        # A signature is good or bad for ever: remembering it spares 0.1 ms on each later request.
        self._read: OrderedDict[str, _Claims] = OrderedDict()

    def issue(self, person: SignedIn, *, now: datetime, life: timedelta) -> str:
        """A token that speaks for ``person`` until ``now + life``."""
        claims = {
            "iss": ISSUER,
            "sub": str(person.person_id),
            "name": person.name,
            "email": person.email,
            "roles": sorted(person.roles),
            "iat": int(now.timestamp()),
            "exp": int((now + life).timestamp()),
        }
        return jwt.encode(self._header, claims, self._key, [ALGORITHM])

    def read(self, token: str, *, now: datetime) -> SignedIn:
        """Who ``token`` speaks for. Raises Unauthenticated: ``invalid_token`` or ``token_expired``."""
        claims = self._claims(token)
        skew, seconds = _CLOCK_SKEW.total_seconds(), now.timestamp()
        if seconds >= claims.exp + skew:
            raise Unauthenticated("token_expired", "The access token has expired: sign in again.")
        if seconds < claims.iat - skew:
            raise Unauthenticated("invalid_token", "The access token is from the future.")
        return claims.person()

    def _claims(self, token: str) -> _Claims:
        known = self._read.get(token)
        if known is None:
            known = self._read[token] = self._verify(token)
            while len(self._read) > _REMEMBERED:
                self._read.popitem(last=False)
        return known

    def _verify(self, token: str) -> _Claims:
        if len(token) > _LONGEST or not token.startswith(self._head):
            raise _not_ours()
        try:
            return _Claims.model_validate(jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims)
        except (JoseError, ValueError, RecursionError):
            raise _not_ours() from None


def _not_ours() -> Unauthenticated:
    return Unauthenticated("invalid_token", "The access token is not one of ours.")


def _signing_key(secret_key: str) -> ECKey:
    # 48 bytes reduced modulo the group order leave no bias worth the name (FIPS 186-5, A.2.1).
    material = HKDF(hashes.SHA256(), 48, salt=None, info=b"azora access tokens 1").derive(secret_key.encode())
    number = int.from_bytes(material) % (_P256_ORDER - 1) + 1
    private = ec.derive_private_key(number, ec.SECP256R1())
    return ECKey.import_key(
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        {"use": "sig", "alg": ALGORITHM},
    )
