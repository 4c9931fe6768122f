"""Reading the keys that sign access tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core.sealing import SealBroken, unseal
from azora_admin.identity.rules.signing_keys import SigningKey, pair_from
from azora_admin.identity.tables import SigningKeyRow

SEALED_AS: Final = "signing key"


@dataclass(frozen=True, slots=True)
class KeysFound:
    """``usable`` keys, the oldest first, and the ids of those that this secret key can't unseal."""

    usable: tuple[SigningKey, ...]
    foreign: frozenset[str]


def read_signing_keys(session: Session, *, secret_key: str) -> KeysFound:
    """Every key that is kept. One that was sealed with another AZORA_SECRET_KEY counts as none of ours."""
    usable, foreign = [], set()
    for row in session.scalars(select(SigningKeyRow).order_by(SigningKeyRow.active_from, SigningKeyRow.kid)):
        try:
            private = unseal(secret_key, SEALED_AS, row.private_sealed, about=row.kid)
        except SealBroken:
            foreign.add(row.kid)
            continue
        usable.append(SigningKey(row.kid, row.active_from, row.retired_at, pair_from(private)))
    return KeysFound(tuple(usable), frozenset(foreign))
