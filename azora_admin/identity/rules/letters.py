"""What people are told by mail about their account. Pure.

No letter bears its person's name: whoever signs up with somebody else's address must not write to them through us.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from azora_admin.core.letters import Letter, Sealed


@dataclass(frozen=True, slots=True)
class ConfirmEmail(Letter):
    """To a new account: a link that confirms the address."""

    kind: ClassVar[str] = "confirm_email"
    token: Sealed


@dataclass(frozen=True, slots=True)
class ConfirmNewEmail(Letter):
    """To the address that an account is to have from now on: a link that makes it so."""

    kind: ClassVar[str] = "confirm_new_email"
    token: Sealed


@dataclass(frozen=True, slots=True)
class EmailChanged(Letter):
    """To the address that an account had until now."""

    kind: ClassVar[str] = "email_changed"
    new_email: str
    at: str


@dataclass(frozen=True, slots=True)
class ResetPassword(Letter):
    """To whoever forgot a password: a link to choose another one."""

    kind: ClassVar[str] = "reset_password"
    token: Sealed


@dataclass(frozen=True, slots=True)
class PasswordChanged(Letter):
    """To whoever's password is another one now."""

    kind: ClassVar[str] = "password_changed"
    at: str


@dataclass(frozen=True, slots=True)
class AppSignedOut(Letter):
    """To whoever's app was signed out because its token was used by two."""

    kind: ClassVar[str] = "app_signed_out"
    at: str


@dataclass(frozen=True, slots=True)
class FactorAdded(Letter):
    """To whoever has a second factor more; ``what``: ``a passkey``."""

    kind: ClassVar[str] = "factor_added"
    what: str
    at: str


@dataclass(frozen=True, slots=True)
class FactorRemoved(Letter):
    """To whoever has a second factor less."""

    kind: ClassVar[str] = "factor_removed"
    what: str
    at: str


@dataclass(frozen=True, slots=True)
class RecoveryCodesMade(Letter):
    """To whoever's recovery codes are others now."""

    kind: ClassVar[str] = "recovery_codes_made"
    at: str


@dataclass(frozen=True, slots=True)
class RecoveryCodeUsed(Letter):
    """To whoever's account was entered by a recovery code; ``left``: how many there still are."""

    kind: ClassVar[str] = "recovery_code_used"
    left: str
    at: str
