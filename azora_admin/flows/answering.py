"""Staff answer a bank, once: with evidence, or by giving in. Reserve it, send it to Stripe, record what came of it.

reserve   the answer's row with all that it says, packet and all, and the time of the first question, in one commit
send      the packet, then the evidence, each keyed by our id: a second try gets the first one's answer
record    Stripe's word on the dispute settles (flows.dispute); the dispute counts its submissions, so that an answer
          whose reply was lost is found there

The packet that is sent is the one that was looked at: whoever sends it names its hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.errors import Conflict
from azora_admin.core.ids import DisputeId
from azora_admin.core.money import money_text
from azora_admin.flows import dispute as settling
from azora_admin.flows.finishing import Finish, unanswered
from azora_admin.gateways.stripe import disputes as gateway
from azora_admin.gateways.stripe import shapes
from azora_admin.gateways.stripe.client import NoAnswer, Refused, StripeConnection
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.messaging import outbox
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import dispute_answers as answers
from azora_admin.payments.actions.dispute_answers import Answering
from azora_admin.payments.rules.disputes import ANSWERABLE
from azora_admin.payments.rules.refunds import may_be_sent

_BATCH: Final = 100
_NEVER: Final = "It never reached the bank, and the time to send it again is over."


@dataclass(frozen=True, slots=True)
class Evidence:
    """What goes to the bank: Stripe's fields by name, and the one PDF."""

    fields: Mapping[str, str]
    packet: bytes

    @property
    def digest(self) -> str:
        """Names exactly this evidence: what was looked at is what is sent."""
        told = "\n".join(f"{name}={value}" for name, value in sorted(self.fields.items()))
        return sha256(told.encode() + b"\0" + self.packet).hexdigest()


def submit(
    stripe: StripeConnection,
    asker: SignedIn,
    actor: Actor,
    *,
    dispute_id: DisputeId,
    evidence: Evidence,
    seen: str,
    ask_after: timedelta,
    finish: Finish[UUID] = unanswered,
) -> None:
    """Send the evidence to the bank, for good. ``seen`` is the digest of what the person looked at.

    Silence of Stripe's is no error: the answer is ``unknown`` then, and sent again under its key until it is known.
    Raises NotFound, Conflict ``evidence_changed``, ``dispute_not_answerable``, ``dispute_answered``.
    """
    if evidence.digest != seen:
        raise Conflict("evidence_changed", "The evidence has changed since you looked at it: look again.")
    _answer(stripe, asker, actor, dispute_id, evidence, ask_after=ask_after, finish=finish)


def accept(
    stripe: StripeConnection,
    asker: SignedIn,
    actor: Actor,
    *,
    dispute_id: DisputeId,
    ask_after: timedelta,
    finish: Finish[UUID] = unanswered,
) -> None:
    """Give in: the dispute is lost, and that can't be taken back. Raises what ``submit`` raises."""
    _answer(stripe, asker, actor, dispute_id, None, ask_after=ask_after, finish=finish)


def enqueue_due(*, first_pause: timedelta) -> int:
    """Enqueue a try for every answer that is due, with its next time. Returns how many."""
    with db.transaction() as session:
        due = answers.take_due(session, first_pause=first_pause, limit=_BATCH)
        for one in due:
            outbox.enqueue(
                session,
                outbox.SEND_DISPUTE_ANSWER,
                {"answer_id": str(one.id)},
                lock=outbox.stripe_lock(one.intent_id or str(one.id)),
            )
    return len(due)


def send(stripe: StripeConnection, answer_id: UUID, *, cause: str) -> None:
    """Take the answer to Stripe, or find it there, and settle what Stripe says of the dispute. Raises NoAnswer."""
    with db.reading() as session:
        answer = answers.get(session, answer_id)
        stripe_id = payments.get_dispute(session, answer.dispute_id).stripe_dispute_id
    if answer.state not in ("reserved", "unknown"):
        return
    failure = None
    try:
        if may_be_sent(answer.requested_at, now=clock.now()):
            _tell(stripe, answer, stripe_id)
        told = gateway.fetch_dispute(stripe, stripe_id)
    except Refused as refused:
        failure = f"{refused.stripe_code}: {refused.told}"
        told = gateway.fetch_dispute(stripe, stripe_id)
    except NoAnswer as lost:
        with db.transaction() as session:
            answers.mark_unknown(session, answer_id)
        if not lost.is_final:
            raise
        told = gateway.fetch_dispute(stripe, stripe_id)
        if not _has_arrived(answer, told):
            raise
    with db.transaction() as session:
        settling.settle(session, told, cause=cause)
        if _has_arrived(answer, told):
            answers.end(session, answer_id)
        else:
            answers.end(session, answer_id, failure=failure or _NEVER)


def _answer(
    stripe: StripeConnection,
    asker: SignedIn,
    actor: Actor,
    dispute_id: DisputeId,
    evidence: Evidence | None,
    *,
    ask_after: timedelta,
    finish: Finish[UUID],
) -> None:
    with db.transaction() as session:
        _lock(session, dispute_id)
        answer_id = answers.request(
            session,
            dispute_id,
            evidence=None if evidence is None else evidence.fields,
            packet=None if evidence is None else evidence.packet,
            asked_by=asker.person_id,
            ask_after=ask_after,
        )
        _note(session, actor, dispute_id, evidence)
        finish(session, answer_id)
    with suppress(NoAnswer):  # it is written down, and sent again by the clock
        send(stripe, answer_id, cause=actor.cause)


def _lock(session: Session, dispute_id: DisputeId) -> None:
    intent_id = answers.find_intent_id(session, dispute_id)
    if intent_id is not None:
        db.lock(session, outbox.stripe_lock(intent_id))


def _note(session: Session, actor: Actor, dispute_id: DisputeId, evidence: Evidence | None) -> None:
    dispute = payments.get_dispute(session, dispute_id)
    audit.record(
        session,
        actor,
        act="dispute.accepted" if evidence is None else "dispute.answered",
        subject=Subject("dispute", str(dispute_id), f"Dispute of {money_text(dispute.amount)}"),
        after={"amount": dispute.amount}
        if evidence is None
        else {"amount": dispute.amount, "evidence_sha256": evidence.digest},
    )


def _tell(stripe: StripeConnection, answer: Answering, stripe_id: str) -> None:
    if answer.kind == "accept":
        gateway.accept_dispute(stripe, answer.id, stripe_id)
        return
    file_id = answer.file_id
    if file_id is None:
        packet = gateway.Packet(f"evidence-{answer.dispute_id}.pdf", answer.packet or b"")
        file_id = gateway.upload_packet(stripe, answer.id, packet)
        with db.transaction() as session:
            answers.record_file(session, answer.id, file_id=file_id)
    gateway.submit_evidence(stripe, answer.id, stripe_id, answer.evidence or {}, file_id=file_id)


def _has_arrived(answer: Answering, told: shapes.Dispute) -> bool:
    """Whether the bank has an answer: the dispute counts its submissions, and one given up waits for none."""
    if answer.kind == "accept":
        return told.status not in ANSWERABLE
    return told.submissions > 0
