"""JSON in: parsed by pydantic, unknown fields refused, each field named that can't be accepted."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal, TypeVar
from uuid import UUID

from flask import request
from pydantic import Field, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from azora_admin.api.inputs import ONE_LINE, Address, Input, Moment
from azora_admin.api.schemas import one_of
from azora_admin.core.errors import DomainError, FieldError, Invalid
from azora_admin.core.ids import CourseId, LessonId, MethodId
from azora_admin.flows.paying import DESCRIPTION_LONGEST
from azora_admin.identity.rules.passwords import PASSWORD_LONGEST, PASSWORD_SHORTEST
from azora_admin.identity.rules.people import NAME_LONGEST
from azora_admin.payments.rules.refund_requests import LEARNER_REASONS
from azora_admin.payments.rules.refunds import NOTE_LONGEST, REASONS
from azora_admin.web import bodies as web_bodies

LARGEST_BODY: Final = 64 * 1024
LARGEST_AMOUNT: Final = 10**12
_PHRASE: Final = "seven wet kites over Bergen"
_NewPassword = Annotated[
    str, Field(min_length=PASSWORD_SHORTEST, max_length=PASSWORD_LONGEST, examples=[_PHRASE])
]
_MailedToken = Annotated[str, Field(max_length=128, examples=["h3Zk…"])]


class Body(Input):
    """A request body."""


class NoBody(Body):
    """A call that takes no fields: send nothing, or `{}`."""


class SignUp(Body):
    """A new account."""

    email: Address
    name: Annotated[str, Field(max_length=NAME_LONGEST, pattern=ONE_LINE, examples=["Lena Süß"])]
    password: _NewPassword
    """One that is not easily guessed."""


class Credentials(Body):
    """What somebody proves with who they are."""

    email: Annotated[str, Field(max_length=320, examples=["lena@example.com"])]
    password: Annotated[str, Field(max_length=1024, examples=[_PHRASE])]
    otp: Annotated[str | None, Field(max_length=64, examples=["123456"])] = None
    """A code of the authenticator app, or a recovery code: for whoever has a second factor."""


class Refresh(Body):
    """What keeps an app signed in."""

    refresh_token: Annotated[str, Field(max_length=256, examples=["azr_4hXq0B…"])]


class OfAddress(Body):
    """Whose account it is about."""

    email: Address


class Confirmation(Body):
    """What a mailed link ends with."""

    token: _MailedToken


class Reset(Body):
    """What a mailed link ends with, and the password that is chosen by it."""

    token: _MailedToken
    password: _NewPassword


class NewEmail(Body):
    """Another address, and the password of the account."""

    email: Address
    current_password: Annotated[str, Field(max_length=1024, examples=[_PHRASE])]


class NewPassword(Body):
    """The password of the account, and the one that takes its place."""

    current_password: Annotated[str, Field(max_length=1024, examples=[_PHRASE])]
    new_password: _NewPassword


class NewPayment(Body):
    """What is to be paid: a course at its price, or an amount that is for no course."""

    course_id: CourseId | None = None
    """Either this, or `amount` with `currency` and `description`."""
    amount: Annotated[int | None, Field(ge=1, le=LARGEST_AMOUNT, examples=[12500])] = None
    """In minor units. Each currency has a smallest and a largest charge; the refusal names it."""
    currency: Annotated[str | None, Field(pattern="^[a-z]{3}$", examples=["eur"])] = None
    """ISO 4217, lower case."""
    description: Annotated[
        str | None, Field(max_length=DESCRIPTION_LONGEST, pattern=ONE_LINE, examples=["Workshop in Bergen"])
    ] = None
    """What the amount is for, as it stands on receipts."""
    coupon: Annotated[str | None, Field(max_length=64, examples=["SUMMER"])] = None
    """There are none yet: any is `coupon_invalid`."""
    payment_method: MethodId | None = None
    """One of your own saved ones, charged at once; such a payment needs an `Idempotency-Key`."""
    save: bool | None = None
    """Whether what it is paid with is kept for the next time."""


class MethodChange(Body):
    """What of a saved payment method is to be otherwise."""

    is_default: Literal[True]
    """It is the one that is charged where none is named."""


class Refund(Body):
    """What of a payment goes back, and why."""

    amount: Annotated[int | None, Field(ge=1, le=LARGEST_AMOUNT, examples=[1900])] = None
    """In minor units; without it all that is left goes back."""
    reason: Annotated[str, one_of(REASONS)]
    note: Annotated[str | None, Field(max_length=NOTE_LONGEST, examples=["Ticket 4812"])] = None
    """For the audit log."""


class Progress(Body):
    """That a lesson was opened, or completed: one of the two."""

    lesson_id: LessonId
    event_id: UUID
    """Made by the app, and the same whenever it sends this again."""
    opened_at: Moment | None = None
    """When the lesson was opened, with a time zone."""
    completed_at: Moment | None = None
    """When it was completed, with a time zone."""


class RefundWish(Body):
    """What of a payment its payer asks back."""

    amount: Annotated[int | None, Field(ge=1, le=LARGEST_AMOUNT, examples=[4900])] = None
    """In minor units; without it all that is left is asked for."""


class RefundAsk(RefundWish):
    """What of a payment its payer asks back, and why."""

    reason: Annotated[str, one_of(LEARNER_REASONS)]
    note: Annotated[
        str | None, Field(max_length=NOTE_LONGEST, examples=["I bought it twice by mistake."])
    ] = None
    """For whoever looks at it."""
    despite_policy: bool | None = None
    """Ask all the same when the purchase is outside of its refund policy: a person decides."""


B = TypeVar("B", bound=Body)


def read(kind: type[B], *, at_most: int = LARGEST_BODY) -> B:
    """The request's body as ``kind``.

    Raises ValidationError (422: read, and not acceptable), DomainError 400 ``unreadable`` (not JSON), Invalid (a name
    that is there twice), UnsupportedMediaType (415: not called JSON, or packed) or RequestEntityTooLarge (413).
    """
    raw = web_bodies.read(at_most=at_most)
    if not raw and kind is NoBody:
        return kind()
    # Nothing is unpacked: a few bytes may be a bomb of gigabytes.
    if not request.is_json or request.headers.get("Content-Encoding", "identity") != "identity":
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
