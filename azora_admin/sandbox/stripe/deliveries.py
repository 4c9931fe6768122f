"""Sends events to webhook endpoints: signed, in parallel, at least once, again and again until it is answered 2xx.

What is planned stands in the database, so a restart goes on where the last process stopped.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import queue
import threading
import time
from dataclasses import dataclass
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from azora_admin.sandbox.stripe import API_VERSION
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.store import StoreClosed
from azora_admin.sandbox.stripe.world import World

Lines: TypeAlias = dict[str, http.client.HTTPConnection]
HEADERS: Final = {
    "Content-Type": "application/json; charset=utf-8",
    "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    "Accept": "*/*; q=0.5, application/xml",
}
_BATCH: Final = 200
_STALE_BY: Final = 600


@dataclass(frozen=True, slots=True)
class Parcel:
    """One attempt, ready to be sent."""

    seq: int
    url: str
    body: bytes
    signature: str
    timeout: float


class Deliveries:
    """A pool of workers, as many as the settings say."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._due: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._claimed: set[int] = set()
        self._hired: set[int] = set()

    def hand_out(self) -> float:
        """Queues what is due and not yet claimed by a worker; the moment up to which it looked."""
        self._hire()
        with self._world.transaction() as book:
            rows = book.store.rows(
                "SELECT seq FROM delivery WHERE state = 'pending' AND due_at <= ? ORDER BY due_at, seq LIMIT ?",
                (book.now, _BATCH),
            )
        with self._lock:
            fresh = [row[0] for row in rows if row[0] not in self._claimed]
            self._claimed.update(fresh)
        for seq in fresh:
            self._due.put(seq)
        return book.now

    def _hire(self) -> None:
        with self._lock:
            for place in set(range(self._world.settings.delivery_workers)) - self._hired:
                self._hired.add(place)
                threading.Thread(
                    target=self._work, args=(place,), name=f"delivery-{place}", daemon=True
                ).start()

    def _work(self, place: int) -> None:
        lines: Lines = {}
        while True:
            seq = self._due.get()
            if place >= self._world.settings.delivery_workers:  # the pool became smaller: another takes it
                self._due.put(seq)
                with self._lock:
                    self._hired.discard(place)
                return
            try:
                self._attempt(seq, lines)
            except StoreClosed:
                return

    def _attempt(self, seq: int, lines: Lines) -> None:
        parcel = make_parcel(self._world, seq)
        if parcel is not None:
            status, error = send(parcel, lines)
            record(self._world, parcel.seq, status, error)
        with self._lock:
            self._claimed.discard(seq)
            is_idle = not self._claimed
        if is_idle:
            self._world.alarm.set()


def make_parcel(world: World, seq: int) -> Parcel | None:
    """The attempt as it has to be sent now; None when there is nothing to send any more."""
    with world.transaction() as book:
        found = book.store.row(
            "SELECT event_id, endpoint_id FROM delivery WHERE seq = ? AND state = 'pending'", (seq,)
        )
        if found is None:
            return None
        event, endpoint = book.find("event", found[0]), book.find("webhook_endpoint", found[1])
        if event is None or endpoint is None or endpoint["status"] != "enabled":
            book.store.run("UPDATE delivery SET state = 'canceled' WHERE seq = ?", (seq,))
            return None
        shown = book.present(event)
        mischief = world.mischief
        forged = bool(mischief.bad_signature) and world.dice.random() < mischief.bad_signature
    shown["api_version"] = mischief.api_version or endpoint.get("api_version") or API_VERSION
    secret = f"{endpoint['_secret']}{'forged' if forged else ''}"
    at = int(time.time()) - (_STALE_BY if mischief.stale else 0)
    body = json.dumps(shown, indent=2, ensure_ascii=False).encode()
    return Parcel(seq, endpoint["url"], body, sign(body, secret, at), world.settings.delivery_timeout)


def sign(body: bytes, secret: str, at: int) -> str:
    """The ``Stripe-Signature`` header: ``t=…,v1=…``, HMAC-SHA256 over ``t.body``."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def send(parcel: Parcel, lines: Lines) -> tuple[int | None, str | None]:
    """The status that was answered, or why there was none. Keeps the connection for the next parcel."""
    target = urlsplit(parcel.url)
    address = f"{target.scheme}://{target.netloc}"
    kept = lines.pop(address, None)
    try:
        if kept is not None:
            try:
                return _post(kept, parcel, lines, address), None
            except ConnectionError:
                kept.close()  # the endpoint had closed an idle connection: that is no failed attempt
        make = http.client.HTTPSConnection if target.scheme == "https" else http.client.HTTPConnection
        return _post(make(target.netloc, timeout=parcel.timeout), parcel, lines, address), None
    except (OSError, http.client.HTTPException) as error:
        return None, f"{type(error).__name__}: {error}"


def _post(line: http.client.HTTPConnection, parcel: Parcel, lines: Lines, address: str) -> int:
    target = urlsplit(parcel.url)
    path = (target.path or "/") + (f"?{target.query}" if target.query else "")
    try:
        line.request("POST", path, parcel.body, HEADERS | {"Stripe-Signature": parcel.signature})
        answer = line.getresponse()
        answer.read()
    except BaseException:
        line.close()
        raise
    if answer.will_close:
        line.close()
    else:
        lines[address] = line
    return answer.status


def record(world: World, seq: int, status: int | None, error: str | None) -> None:
    """Writes the attempt down; plans the next one, doubling the wait, or gives up after ``retry_for``."""
    with world.transaction() as book:
        found = book.store.row("SELECT attempts, first_due_at FROM delivery WHERE seq = ?", (seq,))
        if found is None:
            return
        attempts, first_due_at = found[0] + 1, found[1]
        book.store.run(
            "INSERT INTO attempt (delivery_seq, at, status, error) VALUES (?, ?, ?, ?)",
            (seq, book.now, status, error),
        )
        settings = book.settings
        wait = min(settings.retry_base * 2.0 ** min(attempts - 1, 40), settings.retry_longest)
        state, due_at = "pending", book.now + wait
        if status is not None and 200 <= status < 300:
            state = "delivered"
        elif due_at > first_due_at + settings.retry_for:
            state = "failed"
        book.store.run(
            "UPDATE delivery SET state = ?, due_at = ?, attempts = ? WHERE seq = ?",
            (state, due_at, attempts, seq),
        )
        book.wakes = state == "pending"


def describe(world: World, event_id: str) -> list[Json]:
    """Each delivery of an event with its attempts, for the controls."""
    with world.transaction() as book:
        rows = book.store.rows(
            "SELECT seq, endpoint_id, state, due_at, attempts FROM delivery WHERE event_id = ? ORDER BY seq",
            (event_id,),
        )
        return [
            {
                "endpoint": row[1],
                "state": row[2],
                "due_at": row[3],
                "attempts": [
                    {"at": at, "status": status, "error": error}
                    for at, status, error in book.store.rows(
                        "SELECT at, status, error FROM attempt WHERE delivery_seq = ? ORDER BY seq", (row[0],)
                    )
                ],
            }
            for row in rows
        ]
