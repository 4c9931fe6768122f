"""Who sits at the machine: the actor of every command that changes something."""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Actor, Subject

_NAMED: Final = 50


def at_the_machine() -> Actor:
    """The user of this machine whose rights the command has; by number where the machine has no name for it."""
    number = os.getuid()
    try:
        name = pwd.getpwuid(number).pw_name
    except KeyError:
        name = f"user {number}"
    return Actor(None, name, "command", request_id="", address="")


def note_retry(session: Session, kind: str, ids: Sequence[object]) -> None:
    """Put into the audit log that what was parked is tried again; nothing when nothing was."""
    if ids:
        audit.record(
            session,
            at_the_machine(),
            act=f"{kind}.retried",
            subject=Subject(kind, "parked"),
            after={"count": len(ids), "first_ids": [str(one) for one in ids[:_NAMED]]},
        )
