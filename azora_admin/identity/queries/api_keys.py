"""Reading API keys: whose is this one, and what has somebody got?"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import NotFound, Unauthenticated
from azora_admin.core.ids import ApiKeyId, PersonId
from azora_admin.core.statements import Statement, rows
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.rules.api_keys import (
    USE_NOTED_EVERY,
    Standing,
    handle_of,
    shown,
    standing_of,
)
from azora_admin.identity.rules.secret_texts import secret_hash
from azora_admin.identity.tables import ApiKey, Person

_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    """A key as a list shows it; ``prefix`` is as much of its text as may be seen."""

    key_id: ApiKeyId
    owner_id: PersonId
    name: str
    scopes: Sequence[str]
    prefix: str
    standing: Standing
    created_at: datetime
    last_used_at: datetime | None
    last_used_address: str | None
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Who calls with a key. ``is_use_noted``: it was written down a moment ago that the key is in use."""

    person: SignedIn
    key_id: ApiKeyId
    is_use_noted: bool


# Every call with a key asks this, so that a key that was revoked a moment ago opens nothing.
_HOLDER: Final = Statement(
    select(
        ApiKey.id,
        ApiKey.secret_hash,
        ApiKey.scopes,
        ApiKey.expires_at,
        ApiKey.revoked_at,
        ApiKey.last_used_at,
        Person.id,
        Person.name,
        Person.email,
        Person.roles,
    )
    .join(Person, Person.id == ApiKey.person_id)
    .where(ApiKey.handle == bindparam("handle"))
)


def get_key_holder(session: Session, text: str) -> KeyHolder:
    """Who holds the key written as ``text``, limited to its scopes.

    Raises Unauthenticated: ``invalid_api_key``, or, to whoever has the right secret, ``api_key_revoked`` and
    ``api_key_expired``.
    """
    found = rows(session, _HOLDER, {"handle": handle_of(text)})
    if not found or not hmac.compare_digest(found[0][1], secret_hash(text)):
        raise Unauthenticated("invalid_api_key", "There is no such API key.")
    ((key_id, _, scopes, expires_at, revoked_at, last_used_at, person_id, name, email, roles),) = found
    now = clock.now()
    _refuse_dead(standing_of(now=now, expires_at=expires_at, revoked_at=revoked_at))
    person = SignedIn(
        None, PersonId(person_id), name, email, frozenset(roles), scopes=frozenset(scopes), key_id=key_id
    )
    return KeyHolder(
        person, ApiKeyId(key_id), last_used_at is not None and now - last_used_at < USE_NOTED_EVERY
    )


def list_keys(session: Session, owner_id: PersonId) -> Sequence[ApiKeyView]:
    """The owner's keys: those that are not revoked first, the newest of each first."""
    found = session.scalars(
        select(ApiKey)
        .where(ApiKey.person_id == owner_id)
        .order_by(ApiKey.revoked_at.is_not(None), ApiKey.created_at.desc(), ApiKey.id.desc())
        .limit(_MOST)
    )
    return [as_view(key) for key in found]


def get_key_by_prefix(session: Session, prefix: str) -> ApiKeyView:
    """The key whose shown part this is. Raises NotFound ``api_key_not_found``."""
    key = session.scalars(select(ApiKey).where(ApiKey.handle == prefix.removeprefix(shown("")))).one_or_none()
    if key is None:
        raise NotFound("api_key_not_found", f"There is no API key that begins with {prefix}.")
    return as_view(key)


def as_view(key: ApiKey) -> ApiKeyView:
    """``key`` as the frozen value that crosses borders."""
    return ApiKeyView(
        key_id=ApiKeyId(key.id),
        owner_id=PersonId(key.person_id),
        name=key.name,
        scopes=tuple(sorted(key.scopes)),
        prefix=shown(key.handle),
        standing=standing_of(now=clock.now(), expires_at=key.expires_at, revoked_at=key.revoked_at),
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        last_used_address=key.last_used_address,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )


def _refuse_dead(standing: Standing) -> None:
    if standing == "revoked":
        raise Unauthenticated("api_key_revoked", "This API key was revoked: use another one.")
    if standing == "expired":
        raise Unauthenticated("api_key_expired", "This API key has expired: use another one.")
