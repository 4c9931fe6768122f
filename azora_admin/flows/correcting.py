"""A difference is corrected or explained by two persons: one proposes with a reason, another one approves.

What is shown, what is proposed and what is posted are the same legs (``correction_legs``). Before each step both sides
are compared anew in the same transaction: nobody corrects what has come right by itself, or has changed since.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import Conflict
from azora_admin.core.ids import EntryId
from azora_admin.flows.reconciling import compare_now
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.ledger import actions as ledger
from azora_admin.ledger.rules import Entry
from azora_admin.reconciliation.actions import days, decisions
from azora_admin.reconciliation.queries import (
    DecisionView,
    DifferenceView,
    decisions_of,
    get_decision,
    get_difference,
    parties_of,
)
from azora_admin.reconciliation.rules.corrections import RULE_VERSION, correction_legs, counters_for
from azora_admin.reconciliation.rules.decisions import (
    check_proposal,
    refuse_own_approval,
    refuse_what_is_over,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody proposes: to ``correct`` it against ``counter``, or to ``explain`` it."""

    difference_id: UUID
    act: str
    reason: str
    counter: str = ""


def propose(session: Session, asker: SignedIn, actor: Actor, wanted: Wanted) -> DecisionView:
    """Write a proposal down for a second person.

    Raises NotFound, Invalid, Conflict ``difference_over``, ``difference_waits`` or ``proposal_waits``.
    """
    difference = _compared(session, wanted.difference_id)
    reason = " ".join(wanted.reason.split())
    check_proposal(wanted.act, reason, wanted.counter, counters=_counters(session, difference))
    refuse_what_is_over(difference.state)
    if any(one.state == "waiting" for one in decisions_of(session, difference.id)):
        raise Conflict("proposal_waits", "Somebody has made a proposal already: it waits for approval.")
    is_correction = wanted.act == "correct"
    decision_id = decisions.propose(
        session,
        difference.id,
        act=wanted.act,
        reason=reason,
        legs=correction_legs(difference.movement, wanted.counter) if is_correction else (),
        counter=wanted.counter if is_correction else None,
        proposed_by=asker.person_id,
    )
    decision = get_decision(session, decision_id)
    _note(session, actor, difference, decision, "proposed", why=reason)
    return decision


def approve(session: Session, approver: SignedIn, actor: Actor, decision_id: UUID) -> DecisionView:
    """A second person says yes: the correction is posted, or the difference explained.

    Raises NotFound, Conflict ``proposal_over``, ``needs_second_approval``, ``difference_over`` or
    ``difference_changed``.
    """
    decision, difference = _waiting(session, decision_id)
    refuse_own_approval(is_own=decision.proposed_by == approver.person_id)
    refuse_what_is_over(difference.state)
    entry_id = None
    if decision.act == "correct":
        if correction_legs(difference.movement, decision.counter or "") != decision.legs:
            text = "Stripe or the book says something else by now: turn this down and look again."
            raise Conflict("difference_changed", text)
        entry_id = _post(session, actor, decision, difference)
    decisions.decide(session, decision_id, state="approved", decided_by=approver.person_id, entry_id=entry_id)
    if decision.act == "correct":
        compare_now(session, [(difference.source, difference.movement.category)])
    else:
        decisions.explain(session, difference.id)
    days.make_due(session, [difference.day])
    decided = get_decision(session, decision_id)
    _note(session, actor, difference, decided, "approved", why=decision.reason)
    return decided


def turn_down(session: Session, decider: SignedIn, actor: Actor, decision_id: UUID) -> None:
    """The proposal is not to be followed; its own author withdraws it so. Raises NotFound, Conflict."""
    decision, difference = _waiting(session, decision_id)
    decisions.decide(session, decision_id, state="turned_down", decided_by=decider.person_id)
    decided = get_decision(session, decision_id)
    _note(session, actor, difference, decided, "turned_down", why=decision.reason)


def _compared(session: Session, difference_id: UUID) -> DifferenceView:
    """The difference as it is at this moment, under the lock of whoever compares."""
    known = get_difference(session, difference_id)
    compare_now(session, [(known.source, known.movement.category)])
    return get_difference(session, difference_id)


def _waiting(session: Session, decision_id: UUID) -> tuple[DecisionView, DifferenceView]:
    difference = _compared(session, get_decision(session, decision_id).difference_id)
    decision = get_decision(session, decision_id)
    if decision.state == "overtaken":
        raise Conflict("difference_over", "Stripe and the book agree about this by now.")
    if decision.state != "waiting":
        raise Conflict("proposal_over", "This proposal waits for nobody any more.")
    return decision, difference


def _counters(session: Session, difference: DifferenceView) -> list[str]:
    movement = difference.movement
    return counters_for(movement, parties_of(session, difference.payment_id)) if movement.is_readable else []


def _post(session: Session, actor: Actor, decision: DecisionView, difference: DifferenceView) -> EntryId:
    return ledger.post(
        session,
        Entry(
            kind="correction",
            reference=str(decision.id),
            legs=decision.legs,
            cause=f"difference:{difference.id}",
            rule_version=RULE_VERSION,
            occurred_at=clock.now(),
            request_id=actor.request_id or None,
            actor=actor.name or None,
        ),
    ).entry_id


def _note(
    session: Session,
    actor: Actor,
    difference: DifferenceView,
    decision: DecisionView,
    what: str,
    *,
    why: str,
) -> None:
    label = f"{difference.kind.title}: {difference.movement.category} {difference.source}"
    audit.record(
        session,
        actor,
        act=f"difference.{what}",
        subject=Subject("difference", str(difference.id), label),
        after={
            "act": decision.act,
            "state": decision.state,
            "legs": [f"{leg.key} {leg.amount} {leg.asset}" for leg in decision.legs],
            "entry_id": decision.entry_id,
        },
        why=why,
    )
