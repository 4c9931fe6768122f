"""Rows that are of use for minutes: whoever adds one takes away some that are over, so the table stays small."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.identity.tables import HalfSignIn, PasskeyChallenge

_AT_ONCE: Final = 100


def forget_expired(session: Session, table: type[HalfSignIn] | type[PasskeyChallenge]) -> None:
    """Delete some rows of ``table`` that are over; those that somebody else is deleting are left to them."""
    over = (
        select(table.id)
        .where(table.expires_at < clock.now())
        .limit(_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    session.execute(delete(table).where(table.id.in_(over)))
