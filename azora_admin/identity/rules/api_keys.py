"""What an API key is and what it may be for. Pure.

``azk_<handle>_<secret><checksum>``: the handle names the key and may be shown, the secret is known to its holder alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from azora_admin.core.errors import FieldError, Invalid, Unauthenticated
from azora_admin.identity.rules.people import no_name, tidy_name
from azora_admin.identity.rules.permissions import SCOPES, Action, may_roles
from azora_admin.identity.rules.secret_texts import CHECKSUM_LENGTH, has_checksum, with_checksum

PREFIX: Final = "azk_"
HANDLE_LENGTH: Final = 12
SECRET_LENGTH: Final = 32
NAME_LONGEST: Final = 80
KEYS_MOST: Final = 25
# When a key was last used is written down no more often than this.
USE_NOTED_EVERY: Final = timedelta(minutes=1)
_FORM: Final = re.compile(
    rf"{PREFIX}([0-9A-Za-z]{{{HANDLE_LENGTH}}})_[0-9A-Za-z]{{{SECRET_LENGTH + CHECKSUM_LENGTH}}}"
)

Standing = Literal["live", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class NewKey:
    """What is checked of a key to be made. ``expires_at`` None: it lives until it is revoked."""

    name: str
    scopes: frozenset[Action]
    expires_at: datetime | None


def check_new_key(
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime | None,
    owner_roles: Iterable[str],
    now: datetime,
) -> NewKey:
    """A key that can be made for an owner with ``owner_roles``. Raises Invalid naming every field that can't be."""
    clean_name = tidy_name(name, longest=NAME_LONGEST)
    chosen = sorted(set(scopes))
    errors = _scope_errors(chosen, frozenset(owner_roles))
    if clean_name is None:
        errors.insert(0, no_name(longest=NAME_LONGEST))
    if expires_at is not None and expires_at <= now:
        errors.append(FieldError("expires_at", "in_the_past", "Choose an end that is still to come."))
    if errors or clean_name is None:
        raise Invalid(errors)
    return NewKey(clean_name, frozenset(Action(scope) for scope in chosen), expires_at)


def write_key(handle: str, secret: str) -> str:
    """The text that the key's holder keeps."""
    return with_checksum(f"{PREFIX}{handle}_{secret}")


def is_key(text: str) -> bool:
    """Whether ``text`` wants to be an API key."""
    return text.startswith(PREFIX)


def handle_of(text: str) -> str:
    """The handle of the key written as ``text``. Raises Unauthenticated ``invalid_api_key`` for what is mistyped."""
    form = _FORM.fullmatch(text)
    if form is None or not has_checksum(text):
        raise Unauthenticated(
            "invalid_api_key", "This is no API key of ours: it was cut short or mistyped. Copy it again."
        )
    return form[1]


def shown(handle: str) -> str:
    """As much of a key as may be shown."""
    return f"{PREFIX}{handle}"


def standing_of(*, now: datetime, expires_at: datetime | None, revoked_at: datetime | None) -> Standing:
    """Whether a key still opens anything. Who revoked it meant it: that is told before its age."""
    if revoked_at is not None:
        return "revoked"
    return "expired" if expires_at is not None and now >= expires_at else "live"


def _scope_errors(scopes: list[str], owner_roles: frozenset[str]) -> list[FieldError]:
    if not scopes or any(scope not in SCOPES for scope in scopes):
        return [FieldError("scopes", "unknown_scope", f"Choose scopes from {', '.join(SCOPES)}.")]
    beyond = [scope for scope in scopes if not may_roles(owner_roles, Action(scope))]
    if beyond:
        text = f"The owner's roles do not allow {', '.join(beyond)}: a key can do no more than its owner."
        return [FieldError("scopes", "scope_not_allowed", text)]
    return []
