"""What a payer may ask to have refunded, and what becomes of it. Pure.

open → approved (it has a refund) | declined (with a reason) | withdrawn. At most one is open for a payment.
"""

from __future__ import annotations

from typing import Final

from azora_admin.core.errors import Conflict, FieldError, Invalid
from azora_admin.payments.rules.refund_policy import Verdict
from azora_admin.payments.rules.refunds import NOTE_LONGEST

LEARNER_REASONS: Final = (
    "changed_mind",
    "not_as_expected",
    "wrong_level",
    "technical_problem",
    "bought_twice",
    "other",
)
REQUEST_STATES: Final = ("open", "approved", "declined", "withdrawn")


def check_wish(*, reason: str, note: str) -> None:
    """Raises Invalid naming each field that can't be accepted."""
    errors = []
    if reason not in LEARNER_REASONS:
        errors.append(FieldError("reason", "unknown_reason", "Choose a reason from the list."))
    if len(note) > NOTE_LONGEST:
        errors.append(FieldError("note", "too_long", f"Enter a note of up to {NOTE_LONGEST} characters."))
    if "\0" in note:
        errors.append(FieldError("note", "control_character", "Leave out control characters."))
    if errors:
        raise Invalid(errors)


def refund_reason(reason: str) -> str:
    """The refund's reason for a payer's."""
    return "duplicate" if reason == "bought_twice" else "requested_by_customer"


def refuse_second(*, has_open: bool) -> None:
    """Raises Conflict ``refund_request_open`` while another request for the payment is undecided."""
    if has_open:
        raise Conflict("refund_request_open", "You have asked already: a person is looking at it.")


def refuse_outside(verdict: Verdict, *, despite_policy: bool) -> None:
    """Raises Conflict ``outside_refund_policy`` unless the payer asks all the same."""
    if verdict.outcome == "outside" and not despite_policy:
        raise Conflict(
            "outside_refund_policy", f"{verdict.sentence} You can still ask, and a person decides."
        )


def refuse_own(*, is_own: bool) -> None:
    """Raises Conflict ``own_refund_request`` for staff who ask for themselves."""
    if is_own:
        raise Conflict("own_refund_request", "This is your own request: somebody else has to decide it.")


def refuse_decided(state: str) -> None:
    """Raises Conflict ``refund_request_decided`` for a request that is open no more."""
    if state != "open":
        raise Conflict("refund_request_decided", f"This request is {state} already.")
