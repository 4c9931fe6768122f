"""Giving and taking roles. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from azora_admin.core.errors import FieldError, Invalid
from azora_admin.identity.rules.permissions import ROLES

LONGEST_REASON = 500


def check_roles(asked: Iterable[str], *, held: Iterable[str], is_own: bool) -> Sequence[str]:
    """The roles that a person may be given instead of ``held``, in the table's order.

    Raises Invalid (field ``roles``): an unknown one, none at all, a machine that is also a person, or an
    administrator who takes that role from themselves.
    """
    chosen, before = set(asked), set(held)
    if unknown := chosen - set(ROLES):
        raise _invalid("unknown_role", f"There is no role {', '.join(sorted(unknown))}.")
    if not chosen:
        raise _invalid("no_role", "Choose at least one role.")
    if ("machine" in chosen) != ("machine" in before):
        raise _invalid("machine_role", "A machine stays a machine, and a person a person.")
    if "machine" in chosen and len(chosen) > 1:
        raise _invalid("mixed_machine", "A machine has no other role.")
    if is_own and "admin" in before - chosen:
        raise _invalid(
            "own_admin_role", "You can't take the administrator's role from yourself: ask another one."
        )
    return [role for role in ROLES if role in chosen]


def check_reason(why: str) -> str:
    """The reason for an act that needs one. Raises Invalid (field ``why``) without it."""
    said = " ".join(why.split())
    if not 3 <= len(said) <= LONGEST_REASON:
        raise Invalid([FieldError("why", "reason_needed", f"Say why, in 3 to {LONGEST_REASON} characters.")])
    return said


def _invalid(code: str, message: str) -> Invalid:
    return Invalid([FieldError("roles", code, message)])
