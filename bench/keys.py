"""API keys of the people whose requests are measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from azora_admin.core.ids import new_id
from azora_admin.identity.rules.api_keys import SECRET_LENGTH, write_key
from azora_admin.identity.rules.secret_texts import base62, secret_hash
from bench.stage import Stage

_KEEP: Final = """
    INSERT INTO api_key (id, person_id, name, scopes, handle, secret_hash, created_at)
    VALUES (%(id)s, %(person_id)s, 'bench', '{own:read}', %(handle)s, %(hash)s, now())
    ON CONFLICT (handle) DO NOTHING RETURNING id
"""


def keys_of(stage: Stage, people: Iterable[UUID]) -> dict[UUID, str]:
    """A key for each of ``people`` that may read what is theirs."""
    return {person_id: _key(stage, person_id) for person_id in people}


def _key(stage: Stage, person_id: UUID) -> str:
    handle = base62(person_id.int, 12)
    text = write_key(handle, "m" * SECRET_LENGTH)
    values: dict[str, Any] = {"id": new_id(), "person_id": person_id, "handle": handle}
    stage.query(_KEEP, **values, hash=secret_hash(text))
    return text
