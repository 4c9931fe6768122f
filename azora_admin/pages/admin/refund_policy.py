"""The refund policy: the one in force and those before it; a new one comes into force as it was simulated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from flask import Response, flash, request, url_for
from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.errors import Conflict, DomainError, FieldError, Invalid
from azora_admin.core.ids import new_id
from azora_admin.core.money import Money
from azora_admin.flows import refund_policies
from azora_admin.identity.rules import Action
from azora_admin.pages.admin import blueprint
from azora_admin.payments.queries.refund_policies import policy_versions
from azora_admin.payments.rules.refund_policy import TEXT_LONGEST, Policy, check_policy, digest_of
from azora_admin.reports.refund_simulation import Simulation, simulate
from azora_admin.web import hx
from azora_admin.web.amounts import plain_amount, read_amount
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.forms import problems_of
from azora_admin.web.once import kept, once

SIMULATED_DAYS: Final = 90
SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Entered:
    """The form as it was sent, or as the policy in force fills it in."""

    version: str
    days: str
    most_progress: str
    automatic_up_to: str
    currency: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a policy would have decided, and the ``digest`` that putting it in force needs."""

    result: Simulation
    digest: str


@blueprint.get("/refunds/policy")
@needs(Action.READ_PAYMENTS)
def refund_policy() -> Response:
    """The policy in force, its history, and the form for the next one."""
    return _show(None)


@blueprint.post("/refunds/policy/simulate")
@needs(Action.READ_PAYMENTS)
def refund_policy_simulate() -> Response:
    """What the policy that is entered would have decided; nothing changes."""
    return _show(_entered())


@blueprint.post("/refunds/policy")
@needs(Action.KEEP_REFUND_POLICY)
@once
def refund_policy_change() -> Response:
    """Put a policy in force for what is bought from now on."""
    entered, done = _entered(), hx.redirect(url_for("admin.refund_policy"))
    try:
        policy = _policy(entered)
        with db.transaction() as session:
            refund_policies.change(
                session,
                caller(),
                actor(),
                policy,
                why=entered.why,
                simulated=request.form.get("simulated", ""),
            )
            kept(session, done)
    except (Invalid, Conflict) as refused:
        return _show(entered, refused)
    flash(f"Version {policy.version} is in force for what is bought from now on.")
    return done


def _entered() -> Entered:
    form = request.form
    return Entered(
        **{name: form.get(name, "") for name in ("version", "days", "most_progress", "automatic_up_to")},
        currency=form.get("currency", "").strip().lower(),
        text=form.get("text", ""),
        why=form.get("why", ""),
    )


def _policy(entered: Entered) -> Policy:
    """What is entered. Raises Invalid naming a field that is no number."""
    most: Money | None = None
    if entered.automatic_up_to.strip():
        most = read_amount(entered.automatic_up_to, entered.currency, field="automatic_up_to")
    return Policy(
        _whole(entered.version, "form"),
        _whole(entered.days, "days"),
        _whole(entered.most_progress, "most_progress"),
        most,
        entered.text,
    )


def _whole(typed: str, name: str) -> int:
    if not (typed.isascii() and typed.isdigit() and len(typed) <= 6):
        raise Invalid([FieldError(name, "not_a_number", "Enter a whole number.")])
    return int(typed)


def _show(entered: Entered | None, refused: DomainError | None = None) -> Response:
    simulated = None
    with db.snapshot() as session:
        versions = policy_versions(session, limit=SHOWN)
        old = versions[0].policy
        if entered is not None:
            try:
                simulated = _simulate(session, old, entered)
            except Invalid as wrong:
                refused = refused or wrong
    return hx.respond(
        "admin/refund_policy.html",
        part="admin/refund_policy.html",
        target="main",
        status=refused.status if refused else 200,
        versions=versions,
        old=old,
        next_version=old.version + 1,
        entered=entered or _filled(old),
        simulated=simulated,
        may_change=caller().may(Action.KEEP_REFUND_POLICY),
        text_longest=TEXT_LONGEST,
        problems=problems_of(refused) if refused else (),
        once_key=str(new_id()),
    )


def _simulate(session: Session, old: Policy, entered: Entered) -> Simulated:
    """What is entered, as what follows ``old``. Raises Invalid."""
    new = replace(_policy(entered), version=old.version + 1)
    check_policy(new)
    return Simulated(
        simulate(session, old=old, new=new, now=clock.now(), days=SIMULATED_DAYS), digest_of(new)
    )


def _filled(old: Policy) -> Entered:
    most = old.automatic_up_to
    return Entered(
        str(old.version + 1),
        str(old.days),
        str(old.most_progress),
        plain_amount(most) if most else "",
        most.currency if most else "usd",
        old.text,
        "",
    )
