"""Jobs of the queue: those that failed, found by name, object and time, and what one does if a person retries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from flask import Response, flash, make_response, render_template, request, url_for

from azora_admin.core import db
from azora_admin.core.errors import Conflict, Invalid, NotFound
from azora_admin.core.ids import new_id
from azora_admin.flows import steering
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.pages.admin.outgoing import counted_words
from azora_admin.reports.job_outlook import outlook
from azora_admin.reports.jobs import VIEWS, Job, JobFilter, job_page, list_jobs
from azora_admin.reports.outgoing import calls_about
from azora_admin.web import hx, lists
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.days import Days, asked_days
from azora_admin.web.forms import FormError, problems_of
from azora_admin.web.once import kept, once
from azora_admin.web.outgoing_words import JOBS, OUTLOOKS
from azora_admin.web.pasted import LONGEST, asked_id, problems_in

VIEW_WORDS: Final = {"failed": "Failed", "rounds": "Failed rounds", "queue": "In the queue"}
_LARGEST: Final = 2**63 - 1  # what the queue's ids are kept in
_PLACES: Final = {
    "person": ("admin.people_detail", "person_id"),
    "dispute": ("admin.disputes_detail", "dispute_id"),
    "event": ("admin.events_detail", "event_id"),
    "export": ("admin.payment_exports_detail", "export_id"),
    "run": ("admin.bulk_refund", "bulk_id"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The filters as the address has them; the queue has none."""

    view: str
    text: str
    name: str
    days: Days

    def parameters(self) -> dict[str, Any]:
        """The address's parameters that say this."""
        view = "" if self.view == "failed" else self.view
        if self.view == "queue":
            return {"view": view}
        return {"view": view, "q": self.text, "job": self.name, **self.days.parameters()}

    def link(self, **changed: Any) -> str:
        """The address of the first page with some parameters changed."""
        return lists.address("admin.outgoing_jobs", **{**self.parameters(), **changed})

    @property
    def is_narrowed(self) -> bool:
        return any(value for name, value in self.parameters().items() if name != "view")

    def wanted(self) -> JobFilter:
        days = self.days
        return JobFilter(self.view, self.text, self.name, days.first_on, days.last_on)


@blueprint.get("/operations/jobs")
@needs(Action.READ_EVENTS)
def outgoing_jobs() -> Response:
    """One page of the list; htmx gets the results and what changes with them."""
    arguments = request.args
    view, name = arguments.get("view", ""), arguments.get("job", "")
    asked = Asked(
        view if view in VIEWS else "failed",
        asked_id(arguments),
        name if name in JOBS else "",
        asked_days(arguments),
    )
    problems = problems_in(arguments)
    scope = f"admin.jobs.{asked.view}"
    with db.snapshot() as session:
        found = list_jobs(session, asked.wanted(), limit=lists.PAGE, cursor=lists.asked_cursor(scope))
    parameters = asked.parameters()
    return hx.respond(
        "admin/jobs.html",
        part="jobs/_results.html",
        target="results",
        beside=("jobs/_tabs.html", "jobs/_chips.html"),
        push_url=lists.address(
            "admin.outgoing_jobs", **parameters, after=arguments.get("after"), before=arguments.get("before")
        ),
        status=422 if problems else 200,
        asked=asked,
        found=found,
        problems=problems,
        typed=arguments.get("q", "")[:LONGEST],
        tabs=[
            (words, asked.link(view="" if one == "failed" else one), asked.view == one, found.counts[one])
            for one, words in VIEW_WORDS.items()
        ],
        counted_words=counted_words,
        names=[("", "Every job"), *((one, words[0]) for one, words in JOBS.items())],
        name_words=JOBS[asked.name][0] if asked.name else "",
        pager=lists.pager(found.page, scope, "admin.outgoing_jobs", **parameters),
    )


@blueprint.get("/operations/jobs/<job_id>")
@needs(Action.READ_EVENTS)
def outgoing_jobs_detail(job_id: str) -> Response:
    """One job, and what it does if it is retried."""
    return _show(_number(job_id))


@blueprint.post("/operations/jobs/<job_id>/retry")
@needs(Action.REPLAY_EVENTS)
@once
def outgoing_jobs_retry(job_id: str) -> Response:
    """Have a job that failed for good done once more, for a reason."""
    number = _number(job_id)
    reason = request.form.get("reason", "")
    done = hx.redirect(url_for("admin.outgoing_jobs"))
    try:
        with db.transaction() as session:
            steering.retry_job(session, actor(), job_id=number, reason=reason)
            kept(session, done)
    except (Invalid, Conflict) as refused:
        return _show(number, problems_of(refused))
    flash("The job is back in the queue: the next free worker does it.")
    return done


def _show(job_id: int, problems: tuple[FormError, ...] = ()) -> Response:
    with db.snapshot() as session:
        page = job_page(session, job_id)
        found = outlook(session, page.job)
        calls = calls_about(session, page.job.about[1]) if page.job.about else []
    may_retry = caller().may(Action.REPLAY_EVENTS) and page.job.may_be_retried
    shown = render_template(
        "admin/job.html",
        page=page,
        calls=calls,
        nothing=OUTLOOKS.get(found),
        place="" if found == "gone" else _place_of(page.job),
        rehearses=may_retry
        and page.job.about is not None
        and page.job.about[0] == "event"
        and found == "acts",
        may_retry=may_retry,
        problems=problems,
        reason=request.form.get("reason", ""),
        once_key=str(new_id()),
    )
    return make_response(shown, 422 if problems else 200)


def _place_of(job: Job) -> str:
    """Where that is shown what the job is for; empty where nothing is."""
    if job.about is None or job.about[0] == "detachment":
        return ""  # its calls are all there is, and they stand on the job's own page
    kind, name = job.about
    if kind in _PLACES:
        endpoint, argument = _PLACES[kind]
        values: dict[str, Any] = {argument: name}
        return url_for(endpoint, **values)
    return url_for("admin.outgoing_detail", kind=kind, operation_id=name)


def _number(job_id: str) -> int:
    if not (job_id.isascii() and job_id.isdigit() and int(job_id) <= _LARGEST):
        raise NotFound("job_not_found", "There is no such job.")
    return int(job_id)
