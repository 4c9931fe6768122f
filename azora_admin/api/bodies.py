"""JSON in: parsed by pydantic, unknown fields refused, each field named that can't be accepted."""

from __future__ import annotations

from typing import TypeVar

from flask import request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from azora_admin.core.errors import DomainError
from azora_admin.web import bodies as web_bodies

LARGEST_BODY = 64 * 1024


class Body(BaseModel):
    """A request body: exactly the fields it names, of exactly their types."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=False)


class SignUp(Body):
    email: str = Field(max_length=320)
    name: str = Field(max_length=400)
    password: str = Field(max_length=1024)


class Credentials(Body):
    email: str = Field(max_length=320)
    password: str = Field(max_length=1024)


class NoBody(Body):
    """A call that takes no fields."""


B = TypeVar("B", bound=Body)


def read(kind: type[B]) -> B:
    """The request's body as ``kind``.

    Raises ValidationError (422: read, and not acceptable), DomainError 400 ``unreadable`` (not JSON),
    UnsupportedMediaType (415) or RequestEntityTooLarge (413).
    """
    raw = web_bodies.read(at_most=LARGEST_BODY)
    if not raw and kind is NoBody:
        return kind()
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        if any(problem["type"] == "json_invalid" for problem in error.errors(include_url=False)):
            raise DomainError(400, "unreadable", "The body is not JSON.") from None
        raise
