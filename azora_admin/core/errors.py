"""One family of errors: a status, a stable code, and a sentence fit for the person who reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of the input; ``code`` is stable, ``message`` is for people."""

    field: str
    code: str
    message: str


class DomainError(Exception):
    """A refusal. ``status`` is the HTTP status a face answers, ``code`` one of docs/api.md's problem codes.

    ``retry_after``: after how many seconds the same may be tried again, where that is known.
    """

    retry_after: int | None = None

    def __init__(self, status: int, code: str, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)


class NotFound(DomainError):
    """The thing asked for is not there, or not for this person."""

    def __init__(self, code: str = "not_found", detail: str = "Nothing is here.") -> None:
        super().__init__(404, code, detail)


class Forbidden(DomainError):
    """The person is known, and may not do this."""

    def __init__(self, detail: str = "Your role does not allow this.") -> None:
        super().__init__(403, "insufficient_permissions", detail)


class Unauthenticated(DomainError):
    """Nobody known is asking."""

    def __init__(self, code: str = "unauthenticated", detail: str = "Sign in first.") -> None:
        super().__init__(401, code, detail)


class NotAcceptable(DomainError):
    """The thing is there, and in none of the forms that the request would take."""

    def __init__(self, detail: str) -> None:
        super().__init__(406, "not_acceptable", detail)


class Conflict(DomainError):
    """The request is sound, and what is there already stands against it."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(409, code, detail)


class Declined(DomainError):
    """The bank or Stripe said no to what was to be paid with: as final as a yes, another try is another request."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(402, code, detail)


class Invalid(DomainError):
    """The input was read and can't be accepted; each field is named."""

    def __init__(self, errors: Sequence[FieldError], code: str = "invalid") -> None:
        detail = errors[0].message if len(errors) == 1 else f"{len(errors)} fields need another look."
        super().__init__(422, code, detail, errors)
