"""Recognizing whoever brings a session's token: by a copy in Redis where there is one, else by PostgreSQL.

A copy is sealed with a key of the day, so that whoever can write to Redis can neither make somebody an administrator
nor read who is signed in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from pydantic import TypeAdapter, ValidationError

from azora_admin.core import clock, db
from azora_admin.core.sealing import SealBroken, seal, unseal
from azora_admin.gateways.redis import session_copies
from azora_admin.gateways.redis.session_copies import SessionCopies
from azora_admin.identity import queries
from azora_admin.identity.queries.sessions import Held, find_held_session
from azora_admin.identity.rules import SignedIn

_WRITTEN: Final = TypeAdapter(Held)


def find_session(token: str, *, secret_key: str) -> SignedIn | None:
    """Who holds the session ``token``; None when there is none or it is over.

    An answer may be older than what PostgreSQL says only where Redis could not be told of a change, and then by no
    more than ``session_copies.LONGEST``.
    """
    copies = session_copies.current()
    if copies is None:
        return _read(token)
    key = queries.token_hash(token).hex()
    found = copies.find(key)
    if found is None:
        return _read(token)
    known = _opened(found.sealed, key, secret_key) if found.sealed else None
    if known is not None:
        return known.person
    return _read_and_keep(copies, key, token, secret_key=secret_key, moment=found.moment)


def _read(token: str) -> SignedIn | None:
    with db.reading() as session:
        return queries.find_session(session, token)


def _read_and_keep(
    copies: SessionCopies, key: str, token: str, *, secret_key: str, moment: bytes
) -> SignedIn | None:
    began = clock.now()
    with db.reading() as session:
        held = find_held_session(session, token)
    if held is None:
        return None
    short = replace(held, until=min(held.until, began + session_copies.LONGEST))
    sealed = seal(secret_key, _purpose(), _WRITTEN.dump_json(short), about=key)
    copies.keep(key, sealed, people=_people(held.person), moment=moment)
    return held.person


def _opened(sealed: bytes, key: str, secret_key: str) -> Held | None:
    """What a copy says; None when it is over, was not sealed today and for this session, or by another version."""
    try:
        held = _WRITTEN.validate_json(unseal(secret_key, _purpose(), sealed, about=key))
    except (SealBroken, ValidationError):
        return None
    return held if clock.now() < held.until else None


def _purpose() -> str:
    # Another key each day: one is good for 2^32 seals, and this makes one for each session in half a minute.
    return f"session copy 1 {clock.now():%Y-%m-%d}"


def _people(person: SignedIn) -> list[str]:
    return [str(one) for one in (person.person_id, person.seen_by) if one is not None]
