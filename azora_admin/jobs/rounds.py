"""What is done by the clock: rounds find what has no job, and put away what is over."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

import procrastinate
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Status

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.core.errors import DomainError
from azora_admin.flows import (
    answering,
    asking,
    backfill,
    bulk_refunding,
    dispute,
    dispute_letters,
    exporting,
    reconciling,
    refund_sending,
    saving,
)
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.identity.actions import app_sessions, links, signing_keys, tries
from azora_admin.identity.actions.audit_seals import seal_next_day
from azora_admin.identity.rules import CLOCKWORK
from azora_admin.jobs import stripe_events
from azora_admin.ledger.actions import take_snapshot
from azora_admin.messaging import inbox, mail, mailbox, replies
from azora_admin.payments.actions import exports

log = logging.getLogger(__name__)

# A worker says every few seconds that it lives; one that was silent for longer has left its jobs behind.
HEARTBEAT_SECONDS: Final = 3.0
SILENT_SECONDS: Final = 10.0


def register(queue: procrastinate.App, settings: Settings, stripe: StripeConnection) -> None:
    """Tell ``queue`` every round and when it is made."""
    _ask_and_requeue(queue, settings)
    _read_stripes_list(queue, stripe)
    _reconcile(queue, stripe)
    _requeue_mails(queue)
    _exports(queue)
    _go_on_with_runs(queue)
    _rescue(queue)
    _keep_the_book_short(queue)
    _seal(queue, settings)
    _keep_signing_keys(queue, settings)
    _forget(queue)


def _ask_and_requeue(queue: procrastinate.App, settings: Settings) -> None:
    """Lost events, silent payments, refunds and disputes."""

    @queue.periodic(cron="* * * * * */5")
    @queue.task(name="rounds.ask_for_silent_payments", queueing_lock="rounds.ask_for_silent_payments")
    def ask_for_silent_payments(timestamp: int) -> None:
        asking.enqueue_due(first_pause=timedelta(seconds=settings.ask_after_seconds))

    @queue.periodic(cron="* * * * * */5")
    @queue.task(name="rounds.ask_for_silent_refunds", queueing_lock="rounds.ask_for_silent_refunds")
    def ask_for_silent_refunds(timestamp: int) -> None:
        refund_sending.enqueue_due(first_pause=timedelta(seconds=settings.ask_after_seconds))

    @queue.periodic(cron="* * * * * */15")
    @queue.task(name="rounds.ask_for_silent_setups", queueing_lock="rounds.ask_for_silent_setups")
    def ask_for_silent_setups(timestamp: int) -> None:
        saving.enqueue_due(first_pause=timedelta(seconds=settings.ask_after_seconds))

    @queue.periodic(cron="* * * * * */10")
    @queue.task(name="rounds.ask_for_disputes", queueing_lock="rounds.ask_for_disputes")
    def ask_for_disputes(timestamp: int) -> None:
        dispute.enqueue_due()
        answering.enqueue_due(first_pause=timedelta(seconds=settings.ask_after_seconds))

    @queue.periodic(cron="*/10 * * * *")
    @queue.task(name="rounds.remind_of_disputes", queueing_lock="rounds.remind_of_disputes")
    def remind_of_disputes(timestamp: int) -> None:
        dispute_letters.remind_due()

    @queue.periodic(cron="* * * * * */10")
    @queue.task(name="rounds.requeue_overdue_events", queueing_lock="rounds.requeue_overdue_events")
    def requeue_overdue_events(timestamp: int) -> None:
        with db.transaction() as session:
            ids = inbox.requeue_overdue(session)
        if ids:
            log.warning("%d overdue events were enqueued again", len(ids))


def _read_stripes_list(queue: procrastinate.App, stripe: StripeConnection) -> None:
    """Events that no webhook brought."""

    @queue.periodic(cron="*/2 * * * *")
    @queue.task(
        name="rounds.backfill_events", queueing_lock="rounds.backfill_events", lock="rounds.backfill_events"
    )
    def backfill_events(timestamp: int) -> None:
        try:
            found = backfill.catch_up(stripe, types=sorted(stripe_events.FLOWS))
        except DomainError as error:
            # It stays with the cursor, and the overview tells when it goes on for long.
            log.warning("Stripe's list of events could not be read: %s", error)
            return
        if found.missed:
            log.warning("%d events that no webhook brought were fetched", len(found.missed))


def _reconcile(queue: procrastinate.App, stripe: StripeConnection) -> None:
    """Stripe's statement is read on, and held against the book."""

    @queue.periodic(cron="1-59/3 * * * *")
    @queue.task(name="rounds.reconcile", queueing_lock="rounds.reconcile", lock="rounds.reconcile")
    def reconcile(timestamp: int) -> None:
        try:
            reconciling.reconcile(stripe)
        except DomainError as error:
            # The next round goes on from the same place; how long that has been so is told on the overview.
            log.warning("the book could not be held against Stripe's statement: %s", error)


def _go_on_with_runs(queue: procrastinate.App) -> None:
    """Runs of many refunds whose job was lost."""

    @queue.periodic(cron="* * * * * */20")
    @queue.task(name="rounds.go_on_with_bulk_refunds", queueing_lock="rounds.go_on_with_bulk_refunds")
    def go_on_with_bulk_refunds(timestamp: int) -> None:
        with db.transaction() as session:
            ids = bulk_refunding.requeue_lost(session)
        if ids:
            log.warning("%d runs of refunds were enqueued again", len(ids))


def _requeue_mails(queue: procrastinate.App) -> None:
    @queue.periodic(cron="* * * * * */20")
    @queue.task(name="rounds.requeue_overdue_mails", queueing_lock="rounds.requeue_overdue_mails")
    def requeue_overdue_mails(timestamp: int) -> None:
        with db.transaction() as session:
            ids = mail.requeue_overdue(session)
        if ids:
            log.warning("%d overdue mails were enqueued again", len(ids))


def _exports(queue: procrastinate.App) -> None:
    """Files that nobody goes on writing, and those that were kept long enough."""

    @queue.periodic(cron="* * * * *")
    @queue.task(name="rounds.take_up_exports", queueing_lock="rounds.take_up_exports")
    def take_up_exports(timestamp: int) -> None:
        with db.transaction() as session:
            exporting.take_up_stalled(session)

    @queue.periodic(cron="7 * * * *")
    @queue.task(name="rounds.expire_exports", queueing_lock="rounds.expire_exports")
    def expire_exports(timestamp: int) -> None:
        with db.transaction() as session:
            exports.expire(session)


def _rescue(queue: procrastinate.App) -> None:
    """Jobs of a worker that died."""

    @queue.periodic(cron="* * * * * */5")
    @queue.task(
        name="rounds.rescue_stalled_jobs", queueing_lock="rounds.rescue_stalled_jobs", pass_context=True
    )
    async def rescue_stalled_jobs(context: procrastinate.JobContext, timestamp: int) -> None:
        manager = context.app.job_manager
        for job in await manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_SECONDS):
            log.warning("job %s (%s) was left by a worker that died", job.id, job.task_name)
            try:
                if job.queueing_lock:
                    # A round: the next one is waiting already, and the queue allows only one to wait.
                    await manager.finish_job(job, status=Status.FAILED, delete_job=True)
                else:
                    await manager.retry_job(job)
            except ConnectorException as error:
                # Another worker was faster, say: the others that were left still want taking up.
                log.warning("job %s could not be taken up: %s", job.id, error.__cause__ or error)


def _keep_the_book_short(queue: procrastinate.App) -> None:
    @queue.periodic(cron="*/10 * * * *")
    @queue.task(name="rounds.roll_up_the_book", queueing_lock="rounds.roll_up_the_book")
    def roll_up_the_book(timestamp: int) -> None:
        # Hot accounts are read as the last snapshot plus what came since: the tail has to stay short.
        with db.transaction() as session:
            take_snapshot(session)


def _seal(queue: procrastinate.App, settings: Settings) -> None:
    @queue.periodic(cron="*/10 * * * *")
    @queue.task(name="rounds.seal_the_audit_log", queueing_lock="rounds.seal_the_audit_log")
    def seal(timestamp: int) -> None:
        seal_the_audit_log(settings)


def seal_the_audit_log(settings: Settings) -> None:
    """Seal every day that is over. Each seal is told to the log, too: a copy that the database's owner can't reach."""
    secret_key = settings.secret_key.get_secret_value()
    if not secret_key:
        log.error("the audit log can't be sealed: AZORA_SECRET_KEY is not set")
    while secret_key:
        with db.transaction() as session:
            sealed = seal_next_day(session, secret_key=secret_key)
        if sealed is None:
            break
        log.warning("audit log of %s sealed: %d entries, %s", sealed.day, sealed.entries, sealed.hash.hex())


def _keep_signing_keys(queue: procrastinate.App, settings: Settings) -> None:
    """A new key when its time has come, and none for longer than its tokens live."""
    secret_key = settings.secret_key.get_secret_value()

    @queue.periodic(cron="*/5 * * * *")
    @queue.task(name="rounds.keep_signing_keys", queueing_lock="rounds.keep_signing_keys")
    def keep_signing_keys(timestamp: int) -> None:
        with db.transaction() as session:
            signing_keys.forget_retired_keys(session, CLOCKWORK)
            if settings.signing_key_days:
                every = timedelta(days=settings.signing_key_days)
                signing_keys.rotate_when_due(session, CLOCKWORK, secret_key=secret_key, every=every)


def _forget(queue: procrastinate.App) -> None:
    """What was kept long enough."""

    @queue.periodic(cron="17 3 * * *")
    @queue.task(name="rounds.forget_old_jobs", queueing_lock="rounds.forget_old_jobs", pass_context=True)
    async def forget_old_jobs(context: procrastinate.JobContext, timestamp: int) -> None:
        await context.app.job_manager.delete_old_jobs(
            nb_hours=72, include_failed=True, include_cancelled=True
        )

    @queue.periodic(cron="*/10 * * * *")
    @queue.task(name="rounds.forget_old_replies", queueing_lock="rounds.forget_old_replies")
    def forget_old_replies(timestamp: int) -> None:
        with db.transaction() as session:
            replies.forget_old(session)

    @queue.periodic(cron="27 3 * * *")
    @queue.task(name="rounds.forget_old_mails", queueing_lock="rounds.forget_old_mails")
    def forget_old_mails(timestamp: int) -> None:
        with db.transaction() as session:
            mail.forget_old(session)
            mailbox.forget_old(session)

    @queue.periodic(cron="37 * * * *")
    @queue.task(name="rounds.forget_old_tries", queueing_lock="rounds.forget_old_tries")
    def forget_old_tries(timestamp: int) -> None:
        with db.transaction() as session:
            tries.forget_old(session)
            links.forget_old(session)

    @queue.periodic(cron="47 3 * * *")
    @queue.task(name="rounds.forget_old_app_sessions", queueing_lock="rounds.forget_old_app_sessions")
    def forget_old_app_sessions(timestamp: int) -> None:
        with db.transaction() as session:
            app_sessions.forget_old(session)
