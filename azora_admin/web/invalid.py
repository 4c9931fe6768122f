"""What pydantic finds wrong with an input, in our words: the field, a stable code, a sentence."""

from __future__ import annotations

from typing import Any, Final

from pydantic import ValidationError

from azora_admin.core.errors import FieldError

_CODES: Final = {
    "missing": ("missing", "This is needed."),
    "extra_forbidden": ("unknown_field", "Nothing is known by this name."),
    "string_too_short": ("too_short", "At least {min_length} characters are needed."),
    "string_too_long": ("too_long", "At most {max_length} characters are taken."),
    "too_short": ("too_short", "At least {min_length} are needed."),
    "too_long": ("too_long", "At most {max_length} are taken."),
    "string_pattern_mismatch": ("wrong_format", "This is not written as it has to be."),
    "greater_than_equal": ("out_of_range", "The least that is taken is {ge}."),
    "greater_than": ("out_of_range", "This has to be more than {gt}."),
    "less_than_equal": ("out_of_range", "The most that is taken is {le}."),
    "less_than": ("out_of_range", "This has to be less than {lt}."),
    "enum": ("not_a_choice", "Choose one of {expected}."),
    "literal_error": ("not_a_choice", "Choose one of {expected}."),
    "uuid_parsing": ("wrong_format", "This is not an id."),
    "datetime_from_date_parsing": ("wrong_format", "Write a time as RFC 3339 does: 2026-07-01T12:00:00Z."),
    "datetime_parsing": ("wrong_format", "Write a time as RFC 3339 does: 2026-07-01T12:00:00Z."),
    "timezone_aware": ("wrong_format", "Say the time zone too: 2026-07-01T12:00:00Z."),
    "string_type": ("wrong_type", "Send a text."),
    "int_type": ("wrong_type", "Send a whole number."),
    "int_parsing": ("wrong_type", "Send a whole number."),
    "int_from_float": ("wrong_type", "Send a whole number."),
    "bool_type": ("wrong_type", "Send true or false."),
    "bool_parsing": ("wrong_type", "Send true or false."),
    "list_type": ("wrong_type", "Send a list."),
    "dict_type": ("wrong_type", "Send an object."),
    "model_type": ("wrong_type", "Send an object."),
    "model_attributes_type": ("wrong_type", "Send an object."),
}


def field_errors(error: ValidationError) -> list[FieldError]:
    """Each field that can't be accepted; ``body`` when it is the whole."""
    return [_field_error(problem) for problem in error.errors(include_url=False, include_input=False)]


def _field_error(problem: Any) -> FieldError:
    field = ".".join(str(part) for part in problem["loc"]) or "body"
    code, words = _CODES.get(problem["type"], (problem["type"], ""))
    sentence = words.format(**problem.get("ctx", {})) if words else f"{problem['msg'].rstrip('.')}."
    return FieldError(field, code, sentence)
