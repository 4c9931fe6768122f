"""Payments: the list, found and filtered by its address, and one payment's story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, request
from werkzeug.datastructures import MultiDict

from azora_admin.core import db
from azora_admin.core.ids import PaymentId, new_id, parse_id
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.payments.rules.settlement import PAID
from azora_admin.reports.payment_list import COUNTED, PaymentFilter, PaymentList, list_payments
from azora_admin.reports.payment_story import payment_story
from azora_admin.web import hx, lists
from azora_admin.web.callers import caller, needs
from azora_admin.web.days import Days, asked_days
from azora_admin.web.statuses import PAYMENT

SCOPE: Final = "admin.payments"
LONGEST_TEXT: Final = 120
WAITING: Final = ("pending", "requires_action", "processing", "unknown")
TABS: Final = (
    ("All", ()),
    ("Succeeded", ("completed",)),
    ("Refunded", ("partially_refunded", "refunded")),
    ("Disputed", ("disputed", "charged_back")),
    ("Waiting", WAITING),
    ("Failed", ("failed",)),
    ("Cancelled", ("cancelled",)),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as the address has them."""

    text: str
    statuses: tuple[str, ...]
    days: Days

    def parameters(self) -> dict[str, Any]:
        """The address's parameters that say this."""
        return {"q": self.text, "status": list(self.statuses), **self.days.parameters()}

    def link(self, **changed: Any) -> str:
        """The address of the first page with some parameters changed."""
        return lists.address("admin.payments", **{**self.parameters(), **changed})

    def wanted(self) -> PaymentFilter:
        return PaymentFilter(self.text, self.statuses, self.days.first_on, self.days.last_on)


@dataclass(frozen=True, slots=True)
class Tab:
    """A view of the list; ``count`` is None where counting would not be cheap."""

    name: str
    url: str
    count: int | None
    is_current: bool


@blueprint.get("/payments")
@needs(Action.READ_PAYMENTS)
def payments() -> Response:
    """One page of the list; htmx gets the results and what changes with them."""
    asked = _asked(request.args)
    with db.snapshot() as session:
        found = list_payments(session, asked.wanted(), limit=lists.PAGE, cursor=lists.asked_cursor(SCOPE))
    parameters = asked.parameters()
    return hx.respond(
        "admin/payments.html",
        part="payments/_results.html",
        target="results",
        beside=("payments/_tabs.html", "payments/_chips.html", "payments/_export.html"),
        push_url=lists.address(
            "admin.payments", **parameters, after=request.args.get("after"), before=request.args.get("before")
        ),
        asked=asked,
        once_key=str(new_id()),
        found=found,
        counted=COUNTED,
        tabs=_tabs(asked, found),
        pager=lists.pager(found.page, SCOPE, "admin.payments", **parameters),
        statuses=list(PAYMENT.items()),
        may_refund_many=caller().may(Action.REFUND_MANY),
        all_url=lists.address("admin.bulk_refund_new", **parameters, all="1"),
        status_words=", ".join(PAYMENT[status].word for status in asked.statuses),
    )


@blueprint.get("/payments/<payment_id>")
@needs(Action.READ_PAYMENTS)
def payments_detail(payment_id: str) -> Response:
    """One payment; while it moves, htmx asks for its part again."""
    with db.snapshot() as session:
        story = payment_story(session, PaymentId(parse_id(payment_id)))
    may_refund = (
        caller().may(Action.REFUND) and story.payment.status in PAID and not story.payment.left.is_zero
    )
    return hx.respond(
        "admin/payment.html", part="payments/_story.html", target="story", story=story, may_refund=may_refund
    )


def asked_filter(arguments: MultiDict[str, str]) -> PaymentFilter:
    """What the list is narrowed to by ``arguments``: an address's, or a form's that carries the same."""
    return _asked(arguments).wanted()


def asked_parameters(arguments: MultiDict[str, str]) -> dict[str, Any]:
    """The parameters of an address that narrow the list to the same."""
    return _asked(arguments).parameters()


def _asked(arguments: MultiDict[str, str]) -> Asked:
    statuses = tuple(status for status in PAYMENT if status in arguments.getlist("status"))
    typed = "".join(sign if sign.isprintable() else " " for sign in arguments.get("q", ""))
    text = " ".join(typed.split())[:LONGEST_TEXT]
    return Asked(text, statuses, asked_days(arguments))


def _tabs(asked: Asked, found: PaymentList) -> Sequence[Tab]:
    return [
        Tab(
            name,
            asked.link(status=list(statuses)),
            _count(found, statuses),
            set(asked.statuses) == set(statuses),
        )
        for name, statuses in TABS
    ]


def _count(found: PaymentList, statuses: tuple[str, ...]) -> int | None:
    if found.by_status is None:
        return None
    counts = found.by_status
    return sum(counts.get(status, 0) for status in statuses) if statuses else sum(counts.values())
