"""People retry and park while workers work: whatever meets, nothing is done twice and nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import procrastinate
import pytest
from procrastinate.testing import InMemoryConnector
from sqlalchemy import select, text

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from azora_admin.core.errors import Conflict
from azora_admin.core.ids import PaymentId
from azora_admin.core.letters import Message
from azora_admin.flows import asking, steering
from azora_admin.gateways.stripe.client import NoAnswer
from azora_admin.identity.rules import Actor
from azora_admin.identity.rules.letters import PasswordChanged
from azora_admin.jobs import mail as mail_job
from azora_admin.jobs import registry
from azora_admin.messaging import mail, outbox
from azora_admin.messaging.tables import Mail
from azora_admin.reports.outgoing import OutgoingFilter, list_outgoing
from tests.audited import audited
from tests.selling import ASK_AFTER, Shop

pytestmark = pytest.mark.usefixtures("database")

SOMEBODY = Actor(None, "Amara Nwosu", "page", "req_test", "127.0.0.1")
FETCH = text("SELECT id FROM procrastinate_fetch_job_v2(NULL, :worker)")
FAIL = text("SELECT procrastinate_finish_job_v1(:id, 'failed', false)")


def at_once(*deeds: Callable[[], bool]) -> list[bool]:
    """What each deed answers, all of them begun in the same moment."""
    gate = threading.Barrier(len(deeds))

    def go(deed: Callable[[], bool]) -> bool:
        gate.wait(10)
        return deed()

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(go, deeds))


def steer(kind: str, identity: UUID, act: str) -> bool:
    """Whether it was allowed."""
    try:
        with db.transaction() as session:
            steering.steer(session, SOMEBODY, kind=kind, identity=identity, act=act, reason="To see")
    except Conflict:
        return False
    return True


def retry_job(job_id: int) -> bool:
    try:
        with db.transaction() as session:
            steering.retry_job(session, SOMEBODY, job_id=job_id, reason="To see")
    except Conflict:
        return False
    return True


def fetch(worker: int) -> int | None:
    """Take the next job as a worker does."""
    with db.transaction() as session:
        number: int | None = session.scalar(FETCH, {"worker": worker})
        return number


def failed_job(lock: str | None = None) -> int:
    with db.transaction() as session:
        outbox.enqueue(session, outbox.DETACH_METHOD, {"method": "pm_1"}, lock=lock)
    worker = new_worker()
    number = fetch(worker)
    assert number is not None
    with db.transaction() as session:
        session.execute(FAIL, {"id": number})
    return number


def new_worker() -> int:
    with db.transaction() as session:
        return int(session.scalar(text("SELECT procrastinate_register_worker_v1()")) or 0)


def test_of_many_who_retry_a_failed_job_one_does_and_one_worker_does_the_job() -> None:
    number = failed_job()
    retried = at_once(*[lambda: retry_job(number)] * 8)
    assert sorted(retried) == [False] * 7 + [True]
    workers = [new_worker() for _ in range(6)]
    taken = at_once(*(lambda worker=worker: fetch(worker) == number for worker in workers))
    assert sorted(taken) == [False] * 5 + [True]
    assert len(audited("job.retried")) == 1


def test_a_job_that_fails_and_is_retried_all_the_time_is_done_once_for_each_retry() -> None:
    number = failed_job(lock="stripe:pm_1")
    stop = threading.Event()
    running, together = threading.Lock(), threading.Event()
    done: list[int] = []

    def work(worker: int) -> None:
        while not stop.is_set():
            if fetch(worker) is None:
                continue
            if not running.acquire(blocking=False):
                together.set()
                continue
            done.append(worker)
            running.release()
            with db.transaction() as session:
                session.execute(FAIL, {"id": number})

    def staff(_: int) -> int:
        return sum(retry_job(number) for _ in range(12))

    workers = [threading.Thread(target=work, args=(new_worker(),)) for _ in range(3)]
    for one in workers:
        one.start()
    with ThreadPoolExecutor(4) as threads:
        retries = sum(threads.map(staff, range(4)))
    while state_of(number) != "failed":
        pass  # a worker has it
    stop.set()
    for one in workers:
        one.join()
    assert retries >= 1
    assert len(done) == retries
    assert not together.is_set()
    assert len(audited("job.retried")) == retries


def state_of(number: int) -> str:
    with db.reading() as session:
        return str(
            session.scalar(text("SELECT status FROM procrastinate_jobs WHERE id = :id"), {"id": number})
        )


def written_mail() -> UUID:
    with db.transaction() as session:
        mail.enqueue(session, PasswordChanged(at="today"), to="lena@example.com", key="k:1:x")
    with db.reading() as session:
        return session.scalars(select(Mail.id)).one()


def mail_state(mail_id: UUID) -> str | None:
    with db.reading() as session:
        return mail.find_state(session, mail_id)


def test_a_mail_that_is_being_sent_can_be_neither_parked_nor_retried(settings: Settings) -> None:
    mail_id = written_mail()
    sending, may_end = threading.Event(), threading.Event()
    sent: list[Message] = []

    def post(message: Message) -> None:
        sending.set()
        assert may_end.wait(10)
        sent.append(message)

    worker = threading.Thread(target=mail_job.send, args=(mail_id, post, settings))
    worker.start()
    assert sending.wait(10)
    refused = [steer("mail", mail_id, "park"), steer("mail", mail_id, "retry")]
    mail_job.send(mail_id, sent.append, settings)
    may_end.set()
    worker.join()
    assert refused == [False, False]
    assert (len(sent), mail_state(mail_id)) == (1, "sent")


def test_a_mail_goes_out_once_whoever_parks_retries_and_sends_it_at_once(settings: Settings) -> None:
    mail_id = written_mail()
    sent: list[Message] = []

    def send() -> bool:
        mail_job.send(mail_id, sent.append, settings)
        return True

    at_once(
        *[send] * 6,
        *[lambda: steer("mail", mail_id, "park")] * 4,
        *[lambda: steer("mail", mail_id, "retry")] * 4,
    )
    if mail_state(mail_id) == "parked":
        assert steer("mail", mail_id, "retry")
    send()
    assert (len(sent), mail_state(mail_id)) == (1, "sent")


def test_a_mail_whose_worker_died_can_be_taken_up_by_hand(settings: Settings, test_clock: FixedClock) -> None:
    mail_id = written_mail()
    with db.transaction() as session:
        assert mail.reserve(session, mail_id) is not None
    assert not steer("mail", mail_id, "retry")
    test_clock.advance(timedelta(minutes=3))
    assert steer("mail", mail_id, "retry")
    sent: list[Message] = []
    mail_job.send(mail_id, sent.append, settings)
    assert (len(sent), mail_state(mail_id)) == (1, "sent")


def test_a_mail_that_went_out_though_it_was_parked_meanwhile_is_out(
    settings: Settings, test_clock: FixedClock
) -> None:
    mail_id = written_mail()
    parked: list[bool] = []

    def post(_: Message) -> None:
        test_clock.advance(timedelta(minutes=3))
        parked.append(steer("mail", mail_id, "park"))

    mail_job.send(mail_id, post, settings)
    assert (parked, mail_state(mail_id)) == ([True], "sent")


def lost(shop: Shop) -> PaymentId:
    """An order that never reached Stripe, and nobody knows."""
    shop.fail_next("/v1/payment_intents", "reset_before")
    with suppress(NoAnswer):
        shop.order(shop.person(), shop.course())
    return PaymentId(shop.payment().id)


def jobs_of(settings: Settings) -> procrastinate.App:
    queue = procrastinate.App(connector=InMemoryConnector())
    registry.register(queue, settings)
    return queue


def test_a_job_from_before_the_parking_leaves_what_is_parked_alone(shop: Shop) -> None:
    payment_id = lost(shop)
    ask = jobs_of(shop.settings).tasks[outbox.ASK_FOR_PAYMENT]
    assert steer("payment", payment_id, "park")
    ask.func(payment_id=str(payment_id))
    assert shop.intents() == []
    assert steer("payment", payment_id, "retry")
    ask.func(payment_id=str(payment_id))
    assert len(shop.intents()) == 1


def test_a_payment_that_is_asked_about_parked_and_retried_at_once_is_sent_once(shop: Shop) -> None:
    payment_id = lost(shop)

    def ask() -> bool:
        with suppress(NoAnswer):
            asking.ask(shop.stripe, payment_id)
        return True

    def enqueue() -> bool:
        return asking.enqueue_due(first_pause=ASK_AFTER) >= 0

    steers = [lambda act=act: steer("payment", payment_id, act) for act in ("park", "retry") * 3]
    at_once(*[ask] * 5, *steers, *[enqueue] * 2)
    steer("payment", payment_id, "retry")
    ask()
    assert len(shop.intents()) == 1
    assert shop.payment().stripe_payment_intent_id == shop.intents()[0].id


def test_what_was_parked_and_came_to_its_end_by_an_event_is_parked_no_more(shop: Shop) -> None:
    payment_id = shop.order(shop.person(), shop.course()).payment.id
    assert steer("payment", payment_id, "park")
    assert parked_kinds() == ["payment"]
    (intent,) = shop.intents()
    shop.office.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    shop.tell_fees()
    shop.hear()
    assert shop.payment().status == "completed"
    assert parked_kinds() == []


def parked_kinds() -> Sequence[str]:
    with db.snapshot() as session:
        found = list_outgoing(session, OutgoingFilter(state="parked"), limit=25, cursor=None)
    return [one.kind for one in found.page.items]
