"""The second factor: what counts as one, who has to have one, and what a sign-in without one may reach. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from azora_admin.core.errors import Conflict, DomainError, Unauthenticated
from azora_admin.identity.rules.callers import SignedIn

# Whoever moves money or gives roles.
MUST_HAVE: Final = frozenset({"finance", "admin"})
MOST_FACTORS: Final = 10
# The password was right and the factor is wanted: for so long, and for so many tries.
HALF_SIGN_IN_LIFE: Final = timedelta(minutes=10)
HALF_SIGN_IN_ATTEMPTS: Final = 5

Kind = Literal["app", "passkey"]


@dataclass(frozen=True, slots=True)
class Factor:
    """Something a person has: an authenticator app or a passkey; ``name`` is what they call it."""

    id: UUID
    kind: Kind
    name: str
    created_at: datetime
    last_used_at: datetime | None


class SecondFactorMissing(DomainError):
    """The policy wants a second factor of this person, who has none: they can do nothing but set one up."""

    def __init__(self) -> None:
        super().__init__(
            403,
            "second_factor_not_set_up",
            "Your role needs a second factor: sign in on the pages and set one up.",
        )


class SecondFactorRequired(Unauthenticated):
    """The password is right, and the person has a second factor, which was not given."""

    def __init__(self) -> None:
        super().__init__(
            "second_factor_required",
            "Give a code of your authenticator app, or a recovery code, too.",
        )


class WrongCode(Unauthenticated):
    """The code is wrong, too old, or was used before."""

    def __init__(self) -> None:
        super().__init__(
            "invalid_otp", "This code is not right, or it was used already: wait for the next one."
        )


def must_have_factor(roles: Iterable[str], *, required: bool) -> bool:
    """Whether somebody with ``roles`` has to have a second factor, where the installation requires one at all."""
    return required and not MUST_HAVE.isdisjoint(roles)


def must_enrol(person: SignedIn, *, required: bool) -> bool:
    """Whether the person has to set up a factor before they can reach anything else.

    Whoever looks through another person's eyes came in by a factor of their own, if they had to.
    """
    is_own = person.seen_by is None
    return is_own and must_have_factor(person.roles, required=required) and not person.has_factor


def check_room(count: int) -> None:
    """Raises Conflict ``too_many_factors`` when a person with ``count`` factors can't add another one."""
    if count >= MOST_FACTORS:
        raise Conflict("too_many_factors", f"You have {MOST_FACTORS} factors: remove one first.")


def check_removal(person: SignedIn, *, count: int, required: bool) -> None:
    """Raises Conflict ``last_factor`` when the last of the person's ``count`` factors is one they must have."""
    if count <= 1 and must_have_factor(person.roles, required=required):
        raise Conflict("last_factor", "Your role needs a second factor: add another one first.")
