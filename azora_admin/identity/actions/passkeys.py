"""Passkeys: asking for one, and taking its answer. A question is answered once, within five minutes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import Conflict
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity.actions.copies import forget_copies
from azora_admin.identity.actions.expiring import forget_expired
from azora_admin.identity.queries.passkeys import known_passkey
from azora_admin.identity.rules.passkeys import (
    CHALLENGE_BYTES,
    CHALLENGE_LIFE,
    NewPasskey,
    PasskeyRefused,
    Purpose,
    credential_id,
    new_sign_count,
)
from azora_admin.identity.rules.relying_party import RelyingParty
from azora_admin.identity.tables import Passkey, PasskeyChallenge


@dataclass(frozen=True, slots=True)
class Challenge:
    """The random bytes that a passkey has to sign, and the id that our browser brings back with the answer."""

    id: UUID
    value: bytes


def ask_passkey(session: Session, purpose: Purpose, *, person_id: PersonId | None) -> Challenge:
    """A new question; whose passkey may answer it: the person's, or anybody's (None)."""
    now = clock.now()
    forget_expired(session, PasskeyChallenge)
    asked = Challenge(new_id(), os.urandom(CHALLENGE_BYTES))
    session.add(
        PasskeyChallenge(
            id=asked.id,
            person_id=person_id,
            purpose=purpose,
            challenge=asked.value,
            expires_at=now + CHALLENGE_LIFE,
        )
    )
    session.flush()
    return asked


def take_challenge(
    session: Session, challenge_id: UUID, purpose: Purpose, *, person_id: PersonId | None
) -> bytes:
    """The question that is being answered, which is over by that: commit before the answer is looked at.

    Raises PasskeyRefused: answered before, too old, or asked for something or somebody else.
    """
    found = session.execute(
        delete(PasskeyChallenge)
        .where(PasskeyChallenge.id == challenge_id, PasskeyChallenge.expires_at > clock.now())
        .returning(PasskeyChallenge.purpose, PasskeyChallenge.person_id, PasskeyChallenge.challenge)
    ).one_or_none()
    if found is None or (found.purpose, found.person_id) != (purpose, person_id):
        raise PasskeyRefused("That took too long, or was answered already. Try again.")
    return bytes(found.challenge)


def keep_passkey(session: Session, new: NewPasskey, *, person_id: PersonId, name: str) -> UUID:
    """Keep a passkey of the person. Returns its id. Raises Conflict ``passkey_known``."""
    kept: UUID | None = session.scalar(
        insert(Passkey)
        .values(
            id=new_id(),
            person_id=person_id,
            name=name,
            credential_id=new.credential_id,
            public_key=new.public_key,
            sign_count=new.sign_count,
            transports=list(new.transports),
            is_synced=new.is_synced,
            created_at=clock.now(),
            last_used_at=None,
        )
        .on_conflict_do_nothing(index_elements=["credential_id"])
        .returning(Passkey.id)
    )
    if kept is None:
        raise Conflict("passkey_known", "This passkey is known here already.")
    forget_copies(session, person_id)
    return kept


def use_passkey(
    session: Session,
    party: RelyingParty,
    credential: str,
    *,
    challenge: bytes,
    person_id: PersonId | None,
) -> PersonId:
    """Whose passkey answered the challenge; ``person_id``: it has to be theirs. Raises PasskeyRefused.

    The passkey is locked until the transaction ends, so that its count only grows.
    """
    row = session.scalars(
        select(Passkey).where(Passkey.credential_id == credential_id(credential)).with_for_update()
    ).one_or_none()
    if row is None or person_id not in (None, row.person_id):
        raise PasskeyRefused("This passkey is not known here. Use another one, or another way.")
    owner = PersonId(row.person_id)
    row.sign_count = new_sign_count(
        party, credential, challenge=challenge, known=known_passkey(row), person_id=owner
    )
    row.last_used_at = clock.now()
    session.flush()
    return owner
