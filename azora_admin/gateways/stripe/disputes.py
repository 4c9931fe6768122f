"""Disputes at Stripe: read one or all, early fraud warnings, and our one answer to a bank.

An answer is sent under the id of its row. What became of one that got no reply is told by the dispute itself: it
counts its submissions, and names its status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import UUID

import stripe

from azora_admin.core import clock
from azora_admin.core.money import from_stripe
from azora_admin.gateways.stripe.client import NoAnswer, Sending, StripeConnection
from azora_admin.gateways.stripe.shapes import Dispute, DisputeMovement, FraudWarning
from azora_admin.gateways.stripe.told import told, told_rate

if TYPE_CHECKING:
    from stripe.params import DisputeListParams, DisputeUpdateParamsEvidence


@dataclass(frozen=True, slots=True)
class Packet:
    """The one PDF that goes to the bank."""

    name: str
    content: bytes


class _Named(BytesIO):
    """A file as the SDK uploads one: by its ``name``."""

    def __init__(self, packet: Packet) -> None:
        super().__init__(packet.content)
        self.name = packet.name


def fetch_dispute(connection: StripeConnection, stripe_dispute_id: str) -> Dispute:
    """The dispute as it is now, with every balance transaction that it caused."""
    asked_at = clock.now()
    return _shape(connection.call(lambda v1: v1.disputes.retrieve(stripe_dispute_id)), asked_at)


def all_disputes(connection: StripeConnection) -> list[Dispute]:
    """Every dispute that Stripe has, newest first, a hundred a call."""
    found: list[Dispute] = []
    wanted: DisputeListParams = {"limit": 100}
    while True:
        asked_at = clock.now()
        page = connection.call(lambda v1, wanted=wanted: v1.disputes.list(wanted))  # type: ignore[misc]
        found += [_shape(one, asked_at) for one in page.data]
        if not page.has_more:
            return found
        wanted = {"limit": 100, "starting_after": page.data[-1].id}


def fetch_warning(connection: StripeConnection, stripe_warning_id: str) -> FraudWarning:
    """The early fraud warning as it is now."""
    warning = connection.call(lambda v1: v1.radar.early_fraud_warnings.retrieve(stripe_warning_id))
    return FraudWarning(
        id=warning.id,
        intent_id=_id_of(told(warning, "payment_intent")),
        fraud_type=warning.fraud_type,
        is_actionable=warning.actionable,
        warned_at=_time(warning.created),
    )


def upload_packet(connection: StripeConnection, answer_id: UUID, packet: Packet) -> str:
    """Put the packet at Stripe, or find it there. Returns the file's id. Raises NoAnswer, Refused.

    Should Stripe keep a failure under the key, it goes up once more under another: a file that nothing refers to
    does nothing.
    """
    try:
        return _upload(connection, answer_id, packet, key=f"packet-{answer_id}")
    except NoAnswer as lost:
        if not lost.is_final:
            raise
        return _upload(connection, answer_id, packet, key=f"packet-{answer_id}-again")


def submit_evidence(
    connection: StripeConnection,
    answer_id: UUID,
    stripe_dispute_id: str,
    evidence: Mapping[str, str],
    *,
    file_id: str,
) -> None:
    """Send the evidence to the bank, once and for good. Raises NoAnswer, Refused."""
    given: DisputeUpdateParamsEvidence = {**evidence, "uncategorized_file": file_id}  # type: ignore[typeddict-item]
    key = f"evidence-{answer_id}"
    connection.send(
        Sending("evidence", str(answer_id), "/v1/disputes/{id}", key),
        lambda v1: v1.disputes.update(
            stripe_dispute_id, {"evidence": given, "submit": True}, {"idempotency_key": key}
        ),
    )


def accept_dispute(connection: StripeConnection, answer_id: UUID, stripe_dispute_id: str) -> None:
    """Give in: the dispute is lost, and that can't be taken back. Raises NoAnswer, Refused."""
    key = f"accept-{answer_id}"
    connection.send(
        Sending("acceptance", str(answer_id), "/v1/disputes/{id}/close", key),
        lambda v1: v1.disputes.close(stripe_dispute_id, {}, {"idempotency_key": key}),
    )


def _upload(connection: StripeConnection, answer_id: UUID, packet: Packet, *, key: str) -> str:
    made = connection.send(
        Sending("packet", str(answer_id), "/v1/files", key),
        lambda v1: v1.files.create(
            {"file": _Named(packet), "purpose": "dispute_evidence"}, {"idempotency_key": key}
        ),
    )
    return made.id


def _shape(dispute: stripe.Dispute, asked_at: datetime) -> Dispute:
    details = dispute.evidence_details
    return Dispute(
        id=dispute.id,
        intent_id=_id_of(told(dispute, "payment_intent")),
        amount=from_stripe(dispute.amount, dispute.currency),
        status=str(dispute.status),
        reason=dispute.reason,
        network_code=told(dispute, "network_reason_code"),
        submissions=details.submission_count,
        opened_at=_time(dispute.created),
        due_at=_time(details.due_by) if details.due_by else None,
        movements=tuple(map(_movement, dispute.balance_transactions)),
        asked_at=asked_at,
    )


def _movement(transaction: stripe.BalanceTransaction) -> DisputeMovement:
    return DisputeMovement(
        id=transaction.id,
        amount=from_stripe(transaction.amount, transaction.currency),
        fee=from_stripe(transaction.fee, transaction.currency),
        at=_time(transaction.created),
        rate=told_rate(transaction),
    )


def _id_of(reference: str | stripe.PaymentIntent | None) -> str | None:
    return reference if isinstance(reference, str) or reference is None else reference.id


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
