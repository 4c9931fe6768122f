"""How long a way in stays open. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

SESSION_IDLE: Final = timedelta(hours=12)
SESSION_LONGEST: Final = timedelta(days=14)
ACCESS_TOKEN_LIFE: Final = timedelta(minutes=15)
# For so long after the password (and the second factor) was proved, dangerous acts need no further proof.
PROOF_LIFE: Final = timedelta(minutes=10)
# So long may a member of staff look through another person's eyes before they have to say again why.
SEEING_LONGEST: Final = timedelta(minutes=30)


def is_session_live(
    *, now: datetime, last_seen_at: datetime, expires_at: datetime, ended_at: datetime | None
) -> bool:
    """Whether a session may still be used: not ended, not idle too long, not past its longest life."""
    return ended_at is None and now < session_until(last_seen_at=last_seen_at, expires_at=expires_at)


def session_until(*, last_seen_at: datetime, expires_at: datetime) -> datetime:
    """When a session is over if nobody uses or ends it."""
    return min(expires_at, last_seen_at + SESSION_IDLE)
