"""What a call takes and answers, said once: ``describe`` reads it for the contract and holds requests to it.

    @payments.get("/payments/<payment_id>")
    @needs(Action.READ_OWN)
    @describe("get_payment", PAYMENTS, Answer(200, shapes.Payment), refusals=[PAYMENT_NOT_FOUND])
    def show(payment_id: PaymentId) -> Response:
        \"\"\"One of the caller's payments.\"\"\"

The view's own parameters are what the call takes: ``body`` a Body, ``query`` a Query, any other name a part of the
address, each given to the view as its type. The first line of its docstring is the summary, the rest the description.
Whether a token is asked for, which permission, and whether a key makes a call happen once is read off its guards.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Final, TypeAlias, get_type_hints

from flask import Response, request
from pydantic import TypeAdapter, ValidationError

from azora_admin.api import bodies, parameters
from azora_admin.api.problems import Refusal
from azora_admin.core.errors import NotFound

View: TypeAlias = Callable[..., Response]
JSON: Final = "application/json"
_READING: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Tag:
    """A chapter of the contract."""

    name: str
    about: str


PEOPLE: Final = Tag("people", "Accounts, and what one may open.")
TOKENS: Final = Tag("tokens", "Getting in, staying in, and leaving.")
COURSES: Final = Tag("courses", "The shelf, and buying from it.")
LEARNING: Final = Tag("learning", "The courses that somebody is in, and how far they came.")
PAYMENTS: Final = Tag("payments", "What somebody paid, or is about to pay.")
DISPUTES: Final = Tag("disputes", "What payers' banks ask back.")
INSTRUCTORS: Final = Tag("instructors", "What teaching earns.")
LEDGER: Final = Tag("ledger", "Where every amount comes from.")
OPERATIONS: Final = Tag("operations", "For whoever runs this, and for programs that read contracts.")
TAGS: Final = (PEOPLE, TOKENS, COURSES, LEARNING, PAYMENTS, DISPUTES, INSTRUCTORS, LEDGER, OPERATIONS)


@dataclass(frozen=True, slots=True)
class Header:
    """A header of an answer; ``always``: every such answer has it."""

    name: str
    about: str
    always: bool = True


LOCATION: Final = Header("Location", "Where the new thing is.")


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: its status, the shape of its body (None: there is none) and headers of its own.

    ``files``: the media types that it comes in besides, by what ``Accept`` asks for.
    """

    status: int
    shape: Any
    headers: Sequence[Header] = ()
    media_type: str = JSON
    files: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One call, as its view declares it."""

    name: str
    tag: Tag
    summary: str
    details: str
    answers: Sequence[Answer]
    refusals: Sequence[Refusal]
    query: type[parameters.Query]
    body: type[bodies.Body]
    path: Mapping[str, Any]
    largest_body: int
    untagged: str
    _parts: Mapping[str, TypeAdapter[Any]] = field(repr=False)
    _given: frozenset[str] = field(repr=False)

    def take(self, in_path: Mapping[str, str]) -> dict[str, Any]:
        """The request's parts, for the view. Raises what names the first that can't be accepted."""
        parts = {name: _part(adapter, in_path[name]) for name, adapter in self._parts.items()}
        query = parameters.read(self.query)
        body = None if request.method in _READING else bodies.read(self.body, at_most=self.largest_body)
        read = {"query": query, "body": body}
        return parts | {name: value for name, value in read.items() if name in self._given}


def describe(
    name: str,
    tag: Tag,
    *answers: Answer,
    refusals: Sequence[Refusal] = (),
    largest_body: int = bodies.LARGEST_BODY,
    untagged: str = "",
) -> Callable[[View], View]:
    """Decorates a view, under all of its guards. ``name`` is the call's for ever: clients name their functions by it.

    ``refusals`` are those of its own; the ones that any call of its kind can have are added. A body of more than
    ``largest_body`` bytes is refused (413). A GET answers by ``conditional``, or says in ``untagged`` why it can't.
    """

    def described(view: View) -> View:
        operation = _operation(view, name, tag, answers, refusals, largest_body, untagged)

        @wraps(view)
        def called(**in_path: str) -> Response:
            return view(**operation.take(in_path))

        called.operation = operation  # type: ignore[attr-defined]  # read by the contract
        return called

    return described


def find_operation(view: object) -> Operation | None:
    """What ``view`` was described as, whatever guards stand around it."""
    found: Operation | None = getattr(view, "operation", None)
    return found


def _operation(
    view: View,
    name: str,
    tag: Tag,
    answers: Sequence[Answer],
    refusals: Sequence[Refusal],
    largest_body: int,
    untagged: str,
) -> Operation:
    hints = get_type_hints(view, include_extras=True)
    hints.pop("return", None)
    given = frozenset(hints)
    query, body = hints.pop("query", parameters.NoQuery), hints.pop("body", bodies.NoBody)
    summary, _, details = inspect.cleandoc(view.__doc__ or "").partition("\n")
    if not summary:
        raise TypeError(f"{name} has no docstring: it is what people read of the call")
    return Operation(
        name=name,
        tag=tag,
        summary=summary.rstrip("."),
        details=details.strip(),
        answers=tuple(answers),
        refusals=tuple(refusals),
        query=query,
        body=body,
        path=hints,
        largest_body=largest_body,
        untagged=untagged,
        _parts={part: TypeAdapter(kind) for part, kind in hints.items()},
        _given=given,
    )


def _part(adapter: TypeAdapter[Any], text: str) -> Any:
    """A part of the address. Raises NotFound: an id that can't exist is one that isn't there."""
    try:
        return adapter.validate_strings(text)
    except ValidationError:
        raise NotFound from None
