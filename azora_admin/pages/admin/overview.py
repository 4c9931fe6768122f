"""The admin's first page: how the business goes, and what needs a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Response, request

from azora_admin.core import clock, db
from azora_admin.core.money import Money, money_text
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.reports.attention import Concern
from azora_admin.reports.operations import Overview
from azora_admin.reports.operations import overview as read_overview
from azora_admin.web import charts, dispute_words, filters, hx
from azora_admin.web.callers import needs
from azora_admin.web.charts import Chart, Series
from azora_admin.web.lists import address

PERIODS: Final = (7, 28, 90)
USUAL: Final = 28
TICKS: Final = 6


@dataclass(frozen=True, slots=True)
class Task:
    """One concern in words, and where to see what it is about."""

    kind: str
    icon: str
    title: str
    text: str
    count: int
    url: str


@blueprint.get("/")
@needs(Action.READ_OVERVIEW)
def overview() -> Response:
    """The overview of the asked period; htmx asks for its live part alone."""
    days = _asked_period()
    with db.snapshot() as session:
        figures = read_overview(session, now=clock.now(), days=days, currency=request.args.get("currency"))
    return hx.respond(
        "admin/overview.html",
        part="admin/_figures.html",
        target="figures",
        figures=figures,
        periods=[(one, _link(one, figures)) for one in PERIODS],
        currencies=[
            (one, address("admin.overview", days=_unusual(days), currency=one)) for one in figures.currencies
        ],
        here=_link(days, figures),
        chart=charts.line(_volume(figures)),
        chart_rows=_rows(figures),
        tasks=[_task(concern) for concern in figures.concerns],
    )


def _asked_period() -> int:
    days = request.args.get("days", type=int)
    return days if days in PERIODS else USUAL


def _link(days: int, figures: Overview) -> str:
    main = figures.currencies[:1] == (figures.currency,) or not figures.currencies
    return address("admin.overview", days=_unusual(days), currency=None if main else figures.currency)


def _unusual(days: int) -> str | None:
    return None if days == USUAL else str(days)


def _volume(figures: Overview) -> Chart:
    days = [filters.day_text(day) for day in figures.period.days]
    in_words = _words(figures.currency)
    best = max(range(len(days)), key=figures.gross.daily.__getitem__)
    summary = (
        f"Gross volume per day: {in_words(figures.gross.now)} in {len(days)} days, "
        f"{in_words(figures.gross.before)} in the {len(days)} days before. "
        f"Best day {days[best]} with {in_words(figures.gross.daily[best])}."
    )
    return Chart(
        labels=days,
        series=[Series("This period", figures.gross.daily), Series("Previous", figures.gross_before)],
        ticks=_ticks(days),
        on_axis=lambda value: filters.compact(Money(value, figures.currency)),
        in_words=in_words,
        summary=summary,
    )


def _words(currency: str) -> charts.Words:
    return lambda value: money_text(Money(value, currency))


def _ticks(days: Sequence[str]) -> list[str]:
    """Labels at even distances, the first and the last day among them."""
    count = min(TICKS, len(days))
    return [days[number * (len(days) - 1) // max(count - 1, 1)] for number in range(count)]


def _rows(figures: Overview) -> list[tuple[str, str, str]]:
    in_words = _words(figures.currency)
    days = zip(figures.period.days, figures.gross.daily, figures.gross_before, strict=True)
    return [(filters.day_text(day), in_words(now), in_words(before)) for day, now, before in days]


def _dispute_task(concern: Concern) -> Task:
    count = concern.count
    if concern.topic == "fraud_warned":
        title = filters.plural(count, "payment looks like fraud", "payments look like fraud")
        text = "A bank has warned. A refund now costs less than the dispute that may follow."
        return Task("warn", "gavel", title, text, count, address("admin.disputes"))
    left = dispute_words.due_look(concern.oldest_at)
    title = f"{filters.plural(count, 'dispute waits', 'disputes wait')} for an answer"
    text = f"The first answer is due: {left.word.lower()}. Without one the money is lost."
    kind = "bad" if left.kind == "bad" else "warn"
    return Task(kind, "gavel", title, text, count, address("admin.disputes", state="answer"))


def _refund_task(concern: Concern, since: str) -> Task:
    count = concern.count
    if concern.topic == "refunds_requested":
        title = f"{filters.plural(count, 'learner asks', 'learners ask')} for a refund"
        return Task("warn", "undo-2", title, since, count, address("admin.refund_requests"))
    title = f"{filters.plural(count, 'refund waits', 'refunds wait')} for a second person"
    return Task("warn", "undo-2", title, since, count, address("admin.refunds", state="open"))


def _parked_task(concern: Concern, since: str) -> Task:
    count = concern.count
    if concern.topic == "events_parked":
        title = f"{filters.plural(count, 'Stripe event', 'Stripe events')} parked"
        text = f"Eight tries failed; a person has to look. {since}"
        return Task("bad", "webhook", title, text, count, address("admin.events", state="parked"))
    if concern.topic == "jobs_failed":
        title = f"{filters.plural(count, 'job', 'jobs')} failed for good"
        text = f"Nobody retries them, and they are forgotten after three days. {since}"
        return Task("bad", "refresh-cw", title, text, count, address("admin.outgoing_jobs"))
    title = f"{filters.plural(count, 'outgoing operation', 'outgoing operations')} parked"
    text = f"Nobody tries them until they are taken up again. {since}"
    return Task("bad", "refresh-cw", title, text, count, address("admin.outgoing", state="parked"))


def _books_task(concern: Concern, since: str) -> Task:
    count = concern.count
    if concern.topic == "books_differ":
        title = f"{filters.plural(count, 'difference', 'differences')} between the book and Stripe"
        text = f"Somebody has to correct or explain them. {since}"
        return Task("bad", "scale", title, text, count, address("admin.differences"))
    title, last = "Book and Stripe are not compared", filters.ago_text(concern.oldest_at)
    text = f"Last compared {last}. Is Stripe in reach, and the worker running?"
    return Task("bad", "scale", title, text, count, address("admin.reconciliation"))


def _task(concern: Concern) -> Task:
    since = f"The oldest since {filters.ago_text(concern.oldest_at)}"
    plural = filters.plural
    count = concern.count
    if concern.topic in ("events_parked", "sends_parked", "jobs_failed"):
        return _parked_task(concern, since)
    if concern.topic in ("disputes_to_answer", "fraud_warned"):
        return _dispute_task(concern)
    if concern.topic in ("refunds_requested", "refunds_to_approve"):
        return _refund_task(concern, since)
    if concern.topic == "events_waiting":
        title = f"{plural(count, 'Stripe event waits', 'Stripe events wait')} too long"
        return Task("warn", "webhook", title, since, count, address("admin.events", state="received"))
    if concern.topic == "events_unread":
        text = f"Its list of events was last read whole {filters.ago_text(concern.oldest_at)}. Is the worker running?"
        return Task("bad", "webhook", "Stripe's events are not read", text, count, address("admin.events"))
    if concern.topic == "events_missed":
        title = f"{plural(count, 'Stripe event was', 'Stripe events were')} not sent to us"
        text = f"Found in Stripe's own list within a day, and handled. Look at the webhook endpoint. {since}"
        return Task("warn", "webhook", title, text, count, address("admin.events", by="backfill"))
    if concern.topic in ("books_differ", "books_unread"):
        return _books_task(concern, since)
    if concern.topic == "payments_unknown":
        title = f"{plural(count, 'payment has', 'payments have')} no answer from Stripe"
        return Task(
            "bad", "circle-question-mark", title, since, count, address("admin.payments", status=["unknown"])
        )
    if concern.topic == "payments_unsettled":
        title = f"{plural(count, 'payment is', 'payments are')} open too long"
        waiting = ["pending", "requires_action", "processing"]
        return Task("warn", "clock", title, since, count, address("admin.payments", status=waiting))
    title = f"{plural(count, 'processing fee', 'processing fees')} not known yet"
    return Task("info", "receipt", title, since, count, address("admin.payments", status=["completed"]))
