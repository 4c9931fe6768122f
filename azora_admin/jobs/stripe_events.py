"""Event type → flow: the whole table on one screen.

An event is a hint that an object may have changed. Its flow fetches the object outside of a transaction,
then does its work and marks the event handled in one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.errors import DomainError
from azora_admin.flows import dispute, refund, sale, saving
from azora_admin.gateways.stripe import disputes, intents, methods, refunds
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.gateways.stripe.shapes import Dispute, FraudWarning, Intent, Refund
from azora_admin.messaging import inbox
from azora_admin.messaging.inbox import Received
from azora_admin.reports.event_effects import Rehearsal, event_effects

log = logging.getLogger(__name__)


class NotYetKnown(DomainError):
    """The event speaks of a payment that we don't have: ours may be on its way, so it is tried again."""

    def __init__(self, object_id: str) -> None:
        super().__init__(409, "not_yet_known", f"{object_id} belongs to no payment that is known here.")


class News(Protocol):
    """What Stripe says now of the object that an event is about."""

    @property
    def names_ours(self) -> bool:
        """Whether it names something of ours, so that we should know it."""

    def settle(self, session: Session, *, cause: str) -> bool:
        """Do what follows from it. False when it is about nothing that is known here."""


@dataclass(frozen=True, slots=True)
class MoneyNews:
    """What Stripe says now of an intent and, where the event is about those, of its refunds, disputes and warnings."""

    intent: Intent
    refunds: Sequence[Refund] = ()
    disputes: Sequence[Dispute] = ()
    warnings: Sequence[FraudWarning] = ()

    @property
    def names_ours(self) -> bool:
        return self.intent.payment_id is not None

    def settle(self, session: Session, *, cause: str) -> bool:
        """The sale first: a refund or a dispute may be told of before we have heard that it was paid at all."""
        known = sale.settle(session, self.intent, cause=cause)
        return (
            known
            and all(refund.settle(session, told, cause=cause) for told in self.refunds)
            and all(dispute.settle(session, told, cause=cause) for told in self.disputes)
            and all(dispute.settle_warning(session, told) for told in self.warnings)
        )


def _intent(stripe: StripeConnection, event: Received) -> News | None:
    return MoneyNews(intents.fetch_intent(stripe, event.object_id))


def _intent_of_charge(stripe: StripeConnection, event: Received) -> News | None:
    intent_id = intents.fetch_charge_intent_id(stripe, event.object_id)
    return MoneyNews(intents.fetch_intent(stripe, intent_id)) if intent_id else None


def _refunds_of_charge(stripe: StripeConnection, event: Received) -> News | None:
    intent_id = intents.fetch_charge_intent_id(stripe, event.object_id)
    if intent_id is None:
        return None
    intent = intents.fetch_intent(stripe, intent_id)
    return MoneyNews(intent, refunds.refunds_of_intent(stripe, intent_id))


def _refund(stripe: StripeConnection, event: Received) -> News | None:
    told = refunds.fetch_refund(stripe, event.object_id)
    return MoneyNews(intents.fetch_intent(stripe, told.intent_id), [told]) if told.intent_id else None


def _setup(stripe: StripeConnection, event: Received) -> News | None:
    return saving.fetch_setup(stripe, event.object_id)


def _method(stripe: StripeConnection, event: Received) -> News | None:
    return saving.MethodNews(methods.fetch_method(stripe, event.object_id))


def _dispute(stripe: StripeConnection, event: Received) -> News | None:
    told = disputes.fetch_dispute(stripe, event.object_id)
    if told.intent_id is None:
        return None
    return MoneyNews(intents.fetch_intent(stripe, told.intent_id), disputes=[told])


def _warning(stripe: StripeConnection, event: Received) -> News | None:
    told = disputes.fetch_warning(stripe, event.object_id)
    if told.intent_id is None:
        return None
    return MoneyNews(intents.fetch_intent(stripe, told.intent_id), warnings=[told])


Fetch = Callable[[StripeConnection, Received], News | None]

FLOWS: Final[dict[str, Fetch]] = {
    "payment_intent.succeeded": _intent,
    "payment_intent.payment_failed": _intent,
    "payment_intent.processing": _intent,
    "payment_intent.requires_action": _intent,
    "payment_intent.canceled": _intent,
    # The fee: a charge's balance transaction comes after the charge.
    "charge.updated": _intent_of_charge,
    "charge.refunded": _refunds_of_charge,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
    "charge.dispute.closed": _dispute,
    "radar.early_fraud_warning.created": _warning,
    "radar.early_fraud_warning.updated": _warning,
    "setup_intent.succeeded": _setup,
    "setup_intent.requires_action": _setup,
    "setup_intent.setup_failed": _setup,
    "setup_intent.canceled": _setup,
    "payment_method.attached": _method,
    "payment_method.detached": _method,
    "payment_method.updated": _method,
    "payment_method.automatically_updated": _method,
}


def handle(stripe: StripeConnection, event_id: str) -> None:
    """Handle one event of the inbox, once. A failure is noted with the event and tried again later."""
    with db.reading() as session:
        event = inbox.find_event(session, event_id)
    if event is None or event.state in inbox.FINISHED:
        return
    fetch = FLOWS.get(event.type)
    if fetch is None:
        with db.transaction() as session:
            inbox.mark_ignored(session, event_id)
        return
    try:
        _follow(stripe, event, fetch)
    except Exception as error:  # the worker's outermost loop: whatever it is, the event waits with its reason
        log.warning("event %s (%s) failed: %s", event_id, event.type, error, exc_info=not _is_expected(error))
        with db.transaction() as session:
            inbox.mark_failed(session, event_id, reason=_reason(error))


def _follow(stripe: StripeConnection, event: Received, fetch: Fetch) -> None:
    news = fetch(stripe, event)
    with db.transaction() as session:
        if inbox.take(session, event.event_id):
            _finish(session, event, news)


def _finish(session: Session, event: Received, news: News | None) -> None:
    """Do what follows from the news, and finish the event. Raises NotYetKnown, Mismatch."""
    if news is not None and news.settle(session, cause=f"stripe:{event.event_id}"):
        inbox.mark_handled(session, event.event_id)
    elif news is not None and news.names_ours:
        raise NotYetKnown(event.object_id)
    else:
        # Made outside of this program (by hand in the dashboard, say): nothing here follows from it.
        inbox.mark_ignored(session, event.event_id)


def rehearse(stripe: StripeConnection, event_id: str) -> Rehearsal:
    """What handling the event would do now: done by the very code, and rolled back. Raises NotFound.

    Stripe is asked before the transaction; within it nothing can leave the house.
    """
    with db.reading() as session:
        event = inbox.get_event(session, event_id)
    fetch = FLOWS.get(event.type)
    if fetch is None:
        return Rehearsal("ignored")
    try:
        news = fetch(stripe, event)
        with db.rehearsal() as session:
            before = event_effects(session, event_id)
            _finish(session, event, news)
            db.check_now(session)
            after = event_effects(session, event_id)
            finished = inbox.get_event(session, event_id)
    except Exception as error:  # whatever handling would fail with is what the rehearsal is there to tell
        log.info("rehearsed %s (%s): %s", event_id, event.type, error, exc_info=not _is_expected(error))
        return Rehearsal("failed", reason=_reason(error))
    return Rehearsal(finished.state, effects=after.without(before))


def _reason(error: Exception) -> str:
    return inbox.storable(f"{type(error).__name__}: {error}")


def _is_expected(error: Exception) -> bool:
    return isinstance(error, DomainError)
