"""JSON in: parsed by pydantic, unknown fields refused, each field named that can't be accepted."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from werkzeug.exceptions import UnsupportedMediaType

from azora_admin.core.errors import DomainError, FieldError, Invalid
from azora_admin.identity.rules.people import NAME_LONGEST, PASSWORD_LONGEST, PASSWORD_SHORTEST
from azora_admin.web import bodies as web_bodies

LARGEST_BODY: Final = 64 * 1024
_CONTROL: Final = r"\u0000-\u001f\u007f-\u009f"
_SPACE: Final = r"\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
ONE_LINE: Final = f"^[^{_CONTROL}]*[^{_CONTROL}{_SPACE}][^{_CONTROL}]*$"
"""A text without control characters that is not only spaces."""

_PHRASE: Final = "seven wet kites over Bergen"

Address = Annotated[
    str, Field(max_length=254, examples=["lena@example.com"], json_schema_extra={"format": "idn-email"})
]


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


class Body(Input):
    """A request body."""


class NoBody(Body):
    """A call that takes no fields: send nothing, or `{}`."""


class SignUp(Body):
    """A new account."""

    email: Address
    name: Annotated[str, Field(max_length=NAME_LONGEST, pattern=ONE_LINE, examples=["Lena Süß"])]
    password: Annotated[
        str, Field(min_length=PASSWORD_SHORTEST, max_length=PASSWORD_LONGEST, examples=[_PHRASE])
    ]
    """One that is not easily guessed."""


class Credentials(Body):
    """What somebody proves with who they are."""

    email: Annotated[str, Field(max_length=320, examples=["lena@example.com"])]
    password: Annotated[str, Field(max_length=1024, examples=[_PHRASE])]


B = TypeVar("B", bound=Body)


def read(kind: type[B], *, at_most: int = LARGEST_BODY) -> B:
    """The request's body as ``kind``.

    Raises ValidationError (422: read, and not acceptable), DomainError 400 ``unreadable`` (not JSON), Invalid (a name
    that is there twice), UnsupportedMediaType (415) or RequestEntityTooLarge (413).
    """
    raw = web_bodies.read(at_most=at_most)
    if not raw and kind is NoBody:
        return kind()
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        found = kind.model_validate_json(raw)
    except ValidationError as error:
        if any(problem["type"] == "json_invalid" for problem in error.errors(include_url=False)):
            raise DomainError(400, "unreadable", "The body is not JSON.") from None
        raise
    _refuse_repeated_names(raw)
    return found


def _refuse_repeated_names(raw: bytes) -> None:
    """Whoever says a thing twice in one object means one of them, and we don't know which (RFC 8259, 4)."""
    json.loads(raw, object_pairs_hook=_unrepeated)


def _unrepeated(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Invalid([FieldError(name, "repeated", "Say this once.") for name in twice])
