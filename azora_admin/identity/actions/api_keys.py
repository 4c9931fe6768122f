"""Making and revoking API keys."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.errors import Conflict, NotFound
from azora_admin.core.ids import ApiKeyId, PersonId, new_id
from azora_admin.identity.actions import audit
from azora_admin.identity.queries.api_keys import ApiKeyView, as_view
from azora_admin.identity.queries.people import get_person
from azora_admin.identity.rules import Actor, Subject
from azora_admin.identity.rules.api_keys import (
    HANDLE_LENGTH,
    KEYS_MOST,
    SECRET_LENGTH,
    USE_NOTED_EVERY,
    check_new_key,
    write_key,
)
from azora_admin.identity.rules.secret_texts import SIGNS, secret_hash
from azora_admin.identity.tables import ApiKey


def create_key(
    session: Session,
    actor: Actor,
    *,
    owner_id: PersonId,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None,
) -> tuple[ApiKeyView, str]:
    """A new key for a person or a machine. Returns it and its text, which is told this once and never kept.

    Raises Invalid (fields ``name``, ``scopes``, ``expires_at``), NotFound for an unknown owner, Conflict
    ``too_many_api_keys``.
    """
    owner = get_person(session, owner_id)
    new = check_new_key(
        name=name, scopes=scopes, expires_at=expires_at, owner_roles=owner.roles, now=clock.now()
    )
    _refuse_too_many(session, owner_id)
    handle = _random(HANDLE_LENGTH)
    text = write_key(handle, _random(SECRET_LENGTH))
    key = ApiKey(
        id=new_id(),
        person_id=owner_id,
        created_by=actor.person_id,
        name=new.name,
        scopes=sorted(new.scopes),
        handle=handle,
        secret_hash=secret_hash(text),
        created_at=clock.now(),
        last_used_at=None,
        last_used_address=None,
        expires_at=new.expires_at,
        revoked_at=None,
    )
    session.add(key)
    session.flush()
    made = as_view(key)
    told = {"owner_id": owner_id, "name": made.name, "scopes": made.scopes, "expires_at": made.expires_at}
    _record(session, actor, "created", made, before=None, after=told)
    return made, text


def revoke_key(session: Session, actor: Actor, *, key_id: ApiKeyId, owner_id: PersonId) -> ApiKeyView:
    """End a key of this owner, from the next call on; ending it twice is the same as once.

    Raises NotFound ``api_key_not_found``, also for a key of somebody else.
    """
    key = session.scalars(
        select(ApiKey).where(ApiKey.id == key_id, ApiKey.person_id == owner_id).with_for_update()
    ).one_or_none()
    if key is None:
        raise NotFound("api_key_not_found", "There is no such API key.")
    if key.revoked_at is None:
        key.revoked_at = clock.now()
        session.flush()
        _record(
            session,
            actor,
            "revoked",
            as_view(key),
            before={"revoked_at": None},
            after={"revoked_at": key.revoked_at},
        )
    return as_view(key)


def note_key_use(session: Session, *, key_id: ApiKeyId, address: str) -> None:
    """Note that the key is in use, and from where; once a minute is enough, however many calls notice at once."""
    now = clock.now()
    session.execute(
        update(ApiKey)
        .where(
            ApiKey.id == key_id,
            or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at <= now - USE_NOTED_EVERY),
        )
        .values(last_used_at=now, last_used_address=address[:64])
    )


def _refuse_too_many(session: Session, owner_id: PersonId) -> None:
    db.lock(session, f"api keys of {owner_id}")
    live = session.scalar(
        select(func.count())
        .select_from(ApiKey)
        .where(
            ApiKey.person_id == owner_id,
            ApiKey.revoked_at.is_(None),
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > clock.now()),
        )
    )
    if live is not None and live >= KEYS_MOST:
        raise Conflict(
            "too_many_api_keys", f"There are {KEYS_MOST} live keys already: revoke one that is not in use."
        )


def _record(
    session: Session,
    actor: Actor,
    what: str,
    key: ApiKeyView,
    *,
    before: Mapping[str, object] | None,
    after: Mapping[str, object],
) -> None:
    subject = Subject("api_key", str(key.key_id), key.prefix)
    audit.record(session, actor, act=f"api_key.{what}", subject=subject, before=before, after=after)


def _random(length: int) -> str:
    return "".join(secrets.choice(SIGNS) for _ in range(length))
