"""An id that is pasted into a list's search, whole: one of ours, of Stripe's, of a call, or an idempotency key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from azora_admin.web.days import day_problems
from azora_admin.web.forms import FormError

LONGEST: Final = 255
_ID: Final = re.compile(r"[\w.:@-]+", re.ASCII)


def asked_id(arguments: Mapping[str, str]) -> str:
    """The id in the search, without blanks around it; empty where what was typed can't be one."""
    typed = arguments.get("q", "").strip()
    return typed if _ID.fullmatch(typed) and len(typed) <= LONGEST else ""


def problems_in(arguments: Mapping[str, str]) -> tuple[FormError, ...]:
    """What of the search and its days can't be read, each by its field."""
    problems = day_problems(arguments)
    if arguments.get("q", "").strip() and not asked_id(arguments):
        text = f"ID: paste one, whole. It has no blanks in it, and at most {LONGEST} characters."
        return (FormError("q", text), *problems)
    return problems
