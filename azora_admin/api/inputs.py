"""What may be sent: exactly the named fields, of exactly their types; and the kinds of text that many of them are."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
)
from pydantic_core import PydanticCustomError

from azora_admin.identity.rules.people import normalized_email

_CONTROL: Final = r"\u0000-\u001f\u007f-\u009f"
_SPACE: Final = r"\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_RFC_3339: Final = r"\d{4}-\d\d-\d\d[t ]\d\d:\d\d:\d\d(\.\d+)?(z|[+-]\d\d:\d\d)"
ONE_LINE: Final = f"^[^{_CONTROL}]*[^{_CONTROL}{_SPACE}][^{_CONTROL}]*$"
"""A text without control characters that is not only spaces."""


def _address(text: str) -> str:
    if normalized_email(text) is None:
        raise PydanticCustomError("invalid_email", "Enter an e-mail address like name@example.com.")
    return text


Address = Annotated[
    str,
    Field(max_length=254, examples=["lena@example.com"], json_schema_extra={"format": "idn-email"}),
    AfterValidator(_address),
]


def _written_out(value: Any) -> Any:
    # Pydantic would also take a number of seconds, "2026-07-01" and a text without a zone: one moment, one form.
    if not isinstance(value, str) or not re.fullmatch(_RFC_3339, value, re.IGNORECASE | re.ASCII):
        raise PydanticCustomError("not_a_time", "Send a time like 2026-07-01T12:00:00Z, with its zone.")
    return value


Moment = Annotated[
    AwareDatetime, Field(strict=False, examples=["2026-07-01T12:00:00Z"]), BeforeValidator(_written_out)
]
"""A time with its zone, by RFC 3339."""


def without_nul(value: Any) -> Any:
    """``value``, unless it holds a NUL: PostgreSQL can't keep one. Raises PydanticCustomError."""
    if isinstance(value, str) and "\0" in value:
        raise PydanticCustomError("nul_character", "Leave out the NUL characters.")
    for inner in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
        without_nul(inner)
    return value


class Input(BaseModel):
    """What a call takes: exactly the fields it names, of exactly their types."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True, str_strip_whitespace=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _no_nul(cls, value: Any) -> Any:
        return without_nul(value)
