"""Every job by its name, and what it runs. Jobs are small: they find their flow and hand it the gateway."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Final
from uuid import UUID

import procrastinate

from azora_admin.core import clock, db
from azora_admin.core.config import Settings
from azora_admin.core.errors import DomainError
from azora_admin.core.ids import BulkRefundId, DisputeId, PaymentId, PersonId, RefundId, SetupId
from azora_admin.flows import (
    answering,
    asking,
    bulk_refunding,
    confirming,
    dispute,
    refund_sending,
    resetting,
    saving,
    steering,
)
from azora_admin.flows.connecting import written_down
from azora_admin.gateways.stripe import methods
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.jobs import mail, payment_export, rounds, stripe_events
from azora_admin.messaging import outbox
from azora_admin.payments.rules.refunds import Limits

log = logging.getLogger(__name__)
_FIRST_PAUSE: Final = timedelta(seconds=15)
_LONGEST_PAUSE: Final = timedelta(hours=4)
_MOST_TRIES: Final = 15


def register(queue: procrastinate.App, settings: Settings) -> None:
    """Tell ``queue`` what each job does, and what is done by the clock."""
    stripe = written_down(StripeConnection(settings))
    _register_jobs(queue, stripe)
    _register_methods(queue, stripe)
    _register_exports(queue)
    _register_runs(queue, stripe, settings)
    _register_mail(queue, settings)
    _register_links(queue, settings.secret_key.get_secret_value())
    rounds.register(queue, settings, stripe)


def _register_jobs(queue: procrastinate.App, stripe: StripeConnection) -> None:
    @queue.task(name=outbox.HANDLE_STRIPE_EVENT)
    def handle_stripe_event(event_id: str) -> None:
        stripe_events.handle(stripe, event_id)

    @queue.task(name=outbox.ASK_FOR_PAYMENT)
    def ask_for_payment(payment_id: str) -> None:
        _ask("payment", UUID(payment_id), lambda found: asking.ask(stripe, PaymentId(found)))

    @queue.task(name=outbox.ASK_FOR_REFUND)
    def ask_for_refund(refund_id: str) -> None:
        _ask("refund", UUID(refund_id), lambda found: refund_sending.ask(stripe, RefundId(found)))

    @queue.task(name=outbox.ASK_FOR_DISPUTE)
    def ask_for_dispute(dispute_id: str) -> None:
        try:
            dispute.ask(stripe, DisputeId(UUID(dispute_id)))
        except DomainError as error:
            log.warning("dispute %s was asked for in vain: %s", dispute_id, error)

    @queue.task(name=outbox.SEND_DISPUTE_ANSWER)
    def send_dispute_answer(answer_id: str) -> None:
        _ask("answer", UUID(answer_id), lambda found: answering.send(stripe, found, cause="ask"))

    @queue.task(name=outbox.ASK_FOR_SETUP)
    def ask_for_setup(setup_id: str) -> None:
        _ask("setup", UUID(setup_id), lambda found: saving.ask(stripe, SetupId(found)))


def _ask(kind: str, identity: UUID, ask: Callable[[UUID], None]) -> None:
    """Ask, unless a person had it left alone after the job was enqueued."""
    if steering.is_parked(kind, identity):
        return
    try:
        ask(identity)
    except DomainError as error:
        # The time of the next ask was set when this one was enqueued.
        log.warning("%s %s was asked for in vain: %s", kind, identity, error)


def _register_methods(queue: procrastinate.App, stripe: StripeConnection) -> None:
    @queue.task(name=outbox.FOLLOW_METHOD)
    def follow_method(method: str, tries: str = "0") -> None:
        try:
            saving.follow_method(stripe, method)
        except DomainError as error:
            _again(outbox.FOLLOW_METHOD, method, int(tries), error)

    @queue.task(name=outbox.DETACH_METHOD)
    def detach_method(method: str, tries: str = "0") -> None:
        try:
            methods.detach_method(stripe, method)
        except DomainError as error:
            _again(outbox.DETACH_METHOD, method, int(tries), error)


def _again(job: str, method: str, tries: int, error: DomainError) -> None:
    """Later, ever more seldom, and after a day no more: the failed job is shown then. Raises ``error``."""
    log.warning("%s of %s was in vain: %s", job, method, error)
    if tries >= _MOST_TRIES:
        raise error
    at = clock.now() + min(_FIRST_PAUSE * 2**tries, _LONGEST_PAUSE)
    with db.transaction() as session:
        outbox.enqueue(
            session,
            job,
            {"method": method, "tries": str(tries + 1)},
            lock=outbox.stripe_lock(method),
            at=at,
        )


def _register_exports(queue: procrastinate.App) -> None:
    @queue.task(name=outbox.WRITE_EXPORT)
    def write_export(export_id: str) -> None:
        payment_export.write_export(UUID(export_id))


def _register_runs(queue: procrastinate.App, stripe: StripeConnection, settings: Settings) -> None:
    limits = Limits(support=settings.refund_support_limit, alone=settings.refund_alone_limit)
    ask_after = timedelta(seconds=settings.ask_after_seconds)

    @queue.task(name=outbox.REFUND_IN_BULK)
    def refund_in_bulk(bulk_refund_id: str) -> None:
        run = BulkRefundId(UUID(bulk_refund_id))
        bulk_refunding.go_on(stripe, run, limits=limits, ask_after=ask_after)


def _register_mail(queue: procrastinate.App, settings: Settings) -> None:
    post = mail.postbox(settings)

    @queue.task(name=outbox.SEND_MAIL)
    def send_mail(mail_id: str) -> None:
        mail.send(UUID(mail_id), post, settings)


def _register_links(queue: procrastinate.App, secret_key: str) -> None:
    """Mails with one-time links: their tokens are made here, so that no request takes longer for an account."""

    @queue.task(name=outbox.MAIL_CONFIRMATION)
    def mail_confirmation(person_id: str) -> None:
        confirming.mail_link(PersonId(UUID(person_id)), secret_key=secret_key)

    @queue.task(name=outbox.MAIL_NEW_EMAIL)
    def mail_new_email(person_id: str, email: str) -> None:
        confirming.mail_link_to_new(PersonId(UUID(person_id)), email, secret_key=secret_key)

    @queue.task(name=outbox.MAIL_RESET)
    def mail_reset(email: str) -> None:
        resetting.mail_link(email, secret_key=secret_key)
