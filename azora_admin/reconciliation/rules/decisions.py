"""Who may decide what about a difference: one person proposes with a reason, another one approves. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from azora_admin.core.errors import Conflict, FieldError, Invalid

ACTS: Final = ("correct", "explain")
REASON_SHORTEST: Final = 5
REASON_LONGEST: Final = 500


def check_proposal(act: str, reason: str, counter: str, *, counters: Sequence[str]) -> None:
    """Raises Invalid naming each field that can't be accepted. ``counters``: what a correction may stand against."""
    errors = []
    if act not in ACTS:
        errors.append(FieldError("act", "unknown_act", "Choose whether to correct or to explain."))
    if act == "correct" and not counters:
        text = "The book can't hold what Stripe says: explain it instead."
        errors.append(FieldError("act", "not_correctable", text))
    elif act == "correct" and counter not in counters:
        errors.append(FieldError("counter", "unknown_account", "Choose an account from the list."))
    if not REASON_SHORTEST <= len(reason) <= REASON_LONGEST:
        text = f"Enter a reason of {REASON_SHORTEST} to {REASON_LONGEST} characters."
        errors.append(FieldError("reason", "reason_length", text))
    elif not reason.isprintable():
        errors.append(FieldError("reason", "control_character", "Leave out control characters."))
    if errors:
        raise Invalid(errors)


def refuse_what_is_over(state: str) -> None:
    """Raises Conflict ``difference_over`` unless there is something to decide."""
    if state == "resolved":
        raise Conflict("difference_over", "Stripe and the book agree about this by now.")
    if state == "waiting":
        raise Conflict("difference_waits", "News of this may be on its way: it is compared again by itself.")
    if state == "explained":
        raise Conflict("difference_over", "This difference is explained already.")


def refuse_own_approval(*, is_own: bool) -> None:
    """Raises Conflict ``needs_second_approval`` for whoever proposed it."""
    if is_own:
        raise Conflict("needs_second_approval", "You proposed it: somebody else has to approve.")
