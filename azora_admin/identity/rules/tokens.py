"""Access tokens: short-lived JWTs (RFC 7519, RFC 8725), written with one header and read with that one only. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from pydantic import BaseModel, ConfigDict, Field

from azora_admin.core.errors import Unauthenticated
from azora_admin.core.ids import PersonId
from azora_admin.identity.rules.callers import SignedIn
from azora_admin.identity.rules.signing_keys import ALGORITHM, CLOCK_SKEW, SigningKey

ISSUER: Final = "azora-admin"
AUDIENCE: Final = "azora-api"
_LONGEST: Final = 4096
# Whoever comes so shortly after the end may have a clock that is behind.
_JUST_ENDED: Final = timedelta(minutes=5)


class Claims(BaseModel):
    """What we write into a token, each claim of its type; ``iat`` and ``exp`` in seconds since 1970."""

    model_config = ConfigDict(strict=True, frozen=True)

    iss: Literal["azora-admin"]
    aud: Literal["azora-api"]
    sub: UUID = Field(strict=False)
    jti: UUID = Field(strict=False)
    name: str
    email: str
    roles: frozenset[str] = Field(strict=False)
    iat: int
    exp: int

    def person(self) -> SignedIn:
        """Who the token speaks for."""
        return SignedIn(None, PersonId(self.sub), self.name, self.email, self.roles)


def head_of(key: SigningKey) -> str:
    """The one header of the tokens that ``key`` signs, as it stands in them, with its full stop.

    A token that begins otherwise (another alg, jwk, jku, x5u, crit …) is none of this key's, and isn't even parsed.
    """
    return jwt.encode(_header(key), {}, key.pair, [ALGORITHM]).split(".")[0] + "."


def write_token(person: SignedIn, *, key: SigningKey, token_id: UUID, now: datetime, life: timedelta) -> str:
    """A token that speaks for ``person`` until ``now + life``."""
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(person.person_id),
        "jti": str(token_id),
        "name": person.name,
        "email": person.email,
        "roles": sorted(person.roles),
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
    }
    return jwt.encode(_header(key), claims, key.pair, [ALGORITHM])


def head_in(token: str) -> str:
    """What of ``token`` says who signed it. Raises Unauthenticated ``invalid_token`` for what can't be a token."""
    head, dot, _ = token.partition(".")
    if not dot or len(token) > _LONGEST:
        raise not_ours()
    return head + dot


def verified(token: str, key: SigningKey) -> Claims:
    """The claims of a token that begins with the head of ``key``. Raises Unauthenticated ``invalid_token``."""
    try:
        return Claims.model_validate(jwt.decode(token, key.pair, algorithms=[ALGORITHM]).claims)
    except (JoseError, ValueError, RecursionError):
        raise not_ours() from None


def check_times(claims: Claims, *, now: datetime) -> None:
    """Whether the token counts now, half a minute allowed for clocks that differ.

    Raises Unauthenticated ``token_expired`` or ``token_from_the_future``, which say whose clock is where.
    """
    skew, seconds = int(CLOCK_SKEW.total_seconds()), now.timestamp()
    if seconds >= claims.exp + skew:
        raise Unauthenticated("token_expired", _expired(claims.exp, now))
    if seconds < claims.iat - skew:
        raise Unauthenticated("token_from_the_future", _from_the_future(claims.iat, now))


def not_ours() -> Unauthenticated:
    """What is said of a token that we did not write."""
    return Unauthenticated("invalid_token", "The access token is not one of ours.")


def _header(key: SigningKey) -> dict[str, object]:
    return {"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}


def _expired(exp: int, now: datetime) -> str:
    ours = int(now.timestamp())
    if ours - exp > _JUST_ENDED.total_seconds():
        return "The access token has expired: get another one with the refresh token, or sign in again."
    return (
        f"The access token ended at {_clock(exp)}, and this server's clock says {_clock(ours)}, {ours - exp} s later. "
        "If your clock says less, it is behind. Get another token with the refresh token."
    )


def _from_the_future(iat: int, now: datetime) -> str:
    ours = int(now.timestamp())
    return (
        f"The server that issued the access token dated it {_clock(iat)}, and this server's clock says {_clock(ours)}: "
        f"the issuer's clock is {iat - ours} s ahead of this one. One of the two servers is wrong; your clock has no "
        "part in it."
    )


def _clock(seconds: int) -> str:
    """A moment as RFC 3339 writes it; one that no calendar has, in seconds since 1970."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return f"{seconds} s after 1970"
