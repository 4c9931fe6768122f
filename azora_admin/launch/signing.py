"""The keys that sign access tokens, from the command line."""

from __future__ import annotations

from collections.abc import Iterator

from azora_admin.core import clock, db
from azora_admin.core.config import Settings
from azora_admin.identity.actions import signing_keys
from azora_admin.identity.queries.signing_keys import read_signing_keys
from azora_admin.identity.rules.signing_keys import KEPT_BY_OTHERS, READ_EVERY, SigningKey
from azora_admin.launch.operator import at_the_machine
from azora_admin.launch.problem import LaunchError


def list_keys(settings: Settings) -> Iterator[str]:
    """Every key, a line each. Raises LaunchError."""
    with db.reading() as session:
        found = read_signing_keys(session, secret_key=_secret(settings))
    for key in found.usable:
        yield f"{key.kid}  {key.standing(clock.now()):<8}{_times(key)}"
    for kid in sorted(found.foreign):
        yield f"{kid}  sealed with another AZORA_SECRET_KEY: not used"


def rotate(settings: Settings, *, why: str) -> str:
    """Make the next key; a sentence about it. Raises LaunchError, Conflict."""
    with db.transaction() as session:
        key = signing_keys.rotate_signing_key(
            session, at_the_machine(), secret_key=_secret(settings), why=why
        )
    return f"{key.kid} is published and signs from {_moment(key)} on; the one before verifies until its tokens end"


def replace(settings: Settings, *, why: str) -> str:
    """Have a new key sign at once and forget all others; a sentence about it. Raises LaunchError."""
    with db.transaction() as session:
        key = signing_keys.replace_signing_keys(
            session, at_the_machine(), secret_key=_secret(settings), why=why
        )
    ours, others = int(READ_EVERY.total_seconds()), int(KEPT_BY_OTHERS.total_seconds())
    return (
        f"{key.kid} signs now; every token before it is refused here within {ours} s, and by others who verify them "
        f"within {others + ours} s"
    )


def _secret(settings: Settings) -> str:
    secret = settings.secret_key.get_secret_value()
    if not secret:
        raise LaunchError("AZORA_SECRET_KEY must be set: signing keys are sealed with it.")
    return secret


def _times(key: SigningKey) -> str:
    until = f" until {key.retired_at:%Y-%m-%d %H:%M:%SZ}" if key.retired_at else ""
    return f"from {_moment(key)}{until}"


def _moment(key: SigningKey) -> str:
    return f"{key.active_from:%Y-%m-%d %H:%M:%SZ}"
