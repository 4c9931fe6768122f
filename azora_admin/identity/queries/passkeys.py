"""Reading passkeys."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core.ids import PersonId
from azora_admin.identity.rules.passkeys import KnownPasskey
from azora_admin.identity.tables import Passkey


def list_passkeys(session: Session, person_id: PersonId) -> list[KnownPasskey]:
    """The person's passkeys, in the form in which a browser is asked for them."""
    rows = session.scalars(select(Passkey).where(Passkey.person_id == person_id).order_by(Passkey.id))
    return [known_passkey(row) for row in rows]


def known_passkey(row: Passkey) -> KnownPasskey:
    """``row`` as the frozen value that the rules know."""
    return KnownPasskey(row.credential_id, row.public_key, row.sign_count, tuple(row.transports))
