"""The query string in: parsed by pydantic like bodies, each parameter once, unknown ones refused."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, TypeVar

from flask import request
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from azora_admin.api.inputs import Input, Moment
from azora_admin.api.schemas import one_of
from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.ids import CourseId, EntryId, PaymentId
from azora_admin.core.money import CURRENCIES
from azora_admin.payments.rules.disputes import STATUSES as DISPUTE_STATUSES
from azora_admin.payments.rules.settlement import STATUSES
from azora_admin.reports.earnings import DEFAULT_CURRENCY

LARGEST_PAGE: Final = 100
_USUAL_PAGE: Final = 20


def _whole_number(text: Any) -> Any:
    # Pydantic would also take " 5", "+5", "5.0" and "٥": one number, one text.
    if isinstance(text, str) and not re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text):
        raise PydanticCustomError("wrong_type", "Send a whole number.")
    return int(text)


WRITTEN_PLAINLY: Final = BeforeValidator(_whole_number)
"""Annotates an integer of the query string, after its bounds."""


class Query(Input):
    """The parameters in a call's address."""


class NoQuery(Query):
    """A call that takes no parameters."""


class Paging(Query):
    """Which page of a list."""

    limit: Annotated[int, Field(ge=1, le=LARGEST_PAGE), WRITTEN_PLAINLY] = _USUAL_PAGE
    """How many items a page has at most."""
    cursor: Annotated[str | None, Field(pattern="^([A-Za-z0-9_-]{60,120})?$")] = None
    """The last page's `next_cursor`. A cursor belongs to its list."""


class PaymentPaging(Paging):
    """Which payments."""

    status: Annotated[str, one_of(STATUSES)] | None = None
    """Only payments that stand like this."""


class DisputePaging(Paging):
    """Which disputes."""

    status: Annotated[str, one_of(DISPUTE_STATUSES)] | None = None
    """Only disputes that stand like this."""
    due_before: Moment | None = None
    """Only disputes to which a bank takes an answer, for no longer than until then."""
    payment_id: Annotated[PaymentId, Field(strict=False)] | None = None
    """Only disputes of this payment."""


class OnPaper(Query):
    """What a PDF is to be printed on."""

    paper: Literal["a4", "letter"] = "a4"
    """The size of the paper; a page and JSON have none."""


class OfCourse(Query):
    """Which course is meant."""

    course_id: Annotated[CourseId, Field(strict=False)]


class OfMonth(Query):
    """Which month of an account, and in which currency."""

    month: Annotated[str, Field(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$", examples=["2026-07"])]
    """A calendar month, in UTC, that has begun."""
    currency: Annotated[str, one_of(CURRENCIES)] = DEFAULT_CURRENCY
    """Lower case. Each currency has a statement of its own."""


class OfEntry(Query):
    """Which entry of the ledger is meant."""

    entry: Annotated[EntryId, Field(strict=False)]


Q = TypeVar("Q", bound=Query)


def read(kind: type[Q]) -> Q:
    """The request's parameters as ``kind``. Raises ValidationError or Invalid, naming each that can't be accepted."""
    sent = request.args.to_dict(flat=False)
    twice = [name for name, values in sent.items() if len(values) > 1]
    if twice:
        raise Invalid([FieldError(name, "repeated", "Say this once.") for name in twice])
    return kind.model_validate({name: values[0] for name, values in sent.items()})
