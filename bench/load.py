"""One client process: keep-alive connections driven flat out with bare sockets, and nothing between them and us.

``python -m bench.load`` reads a plan (a line of JSON) from standard input and says ``ready``; then it reads when to
begin and to end counting (another line), and writes what it saw to standard output. It is lean because it shares the
machine with what it measures: about 15 µs of CPU a request.
"""

from __future__ import annotations

import hmac
import json
import re
import selectors
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import cycle
from typing import Any, Final

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_PATIENCE: Final = 10.0


class WrongAnswer(Exception):
    """The server answered something else than the plan says, or nothing."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one client does.

    ``requests`` are whole HTTP requests that are sent in turn; ``event`` makes them anew for each sending instead.
    """

    port: int
    connections: int
    status: int
    requests: list[str]
    event: dict[str, Any] | None = None


class EventMaker:
    """Signed webhook requests, each of a distinct event about the size that Stripe sends (2.6 kB).

    The body is composed once; then only its numbers change: as many bytes and HMACs, less work on our side.
    """

    def __init__(self, prefix: str, secret: str) -> None:
        self._prefix = prefix
        self._secret = secret.encode()
        self._body = _event_body().encode()
        self._made = 0

    def __call__(self) -> bytes:
        self._made += 1
        now = int(time.time())
        raw = self._body.replace(b"@NUMBER", b"%s%08d" % (self._prefix.encode(), self._made))
        signature = hmac.digest(self._secret, b"%d." % now + raw, "sha256").hex()
        head = (
            "POST /webhooks/stripe HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Stripe-Signature: t={now},v1={signature}\r\nContent-Length: {len(raw)}\r\n\r\n"
        )
        return head.encode() + raw


def _event_body() -> str:
    intent = {
        "id": "pi_@NUMBER",
        "object": "payment_intent",
        "amount": 4900,
        "currency": "usd",
        "status": "succeeded",
        "client_secret": "pi_@NUMBER_secret_@NUMBER",
        "metadata": {f"key_{place}": "x" * 40 for place in range(25)},
        "payment_method_options": {"card": {"request_three_d_secure": "automatic", "installments": None}},
    }
    event = {
        "id": "evt_@NUMBER",
        "object": "event",
        "api_version": "2026-10-28.dahlia",
        "created": int(time.time()),
        "type": "payment_intent.succeeded",
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": "req_@NUMBER", "idempotency_key": "key-@NUMBER"},
        "data": {"object": intent},
    }
    return json.dumps(event, indent=2)


def drive(plan: Plan, begin: float, end: float) -> dict[str, Any]:
    """Carry out ``plan`` and count the answers from ``begin`` to ``end``, times of ``time.monotonic()``.

    Returns ``count`` and the ``latencies`` of the counted answers, in µs.

    Raises WrongAnswer at the first answer of another status, or when none comes for ten seconds.
    """
    made = _maker(plan)
    selector = selectors.DefaultSelector()
    sent_at: dict[socket.socket, float] = {}
    for _ in range(plan.connections):
        connection = socket.create_connection(("127.0.0.1", plan.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ)
        sent_at[connection] = time.monotonic()
        connection.sendall(made())
    latencies: list[int] = []
    wanted = b"HTTP/1.1 %d" % plan.status
    while sent_at:
        ready = selector.select(_PATIENCE)
        if not ready:
            raise WrongAnswer(f"no answer within {_PATIENCE:.0f} s")
        for key, _ in ready:
            connection = key.fileobj  # type: ignore[assignment]  # we register sockets only
            _receive(connection, wanted)
            now = time.monotonic()
            if begin <= now < end:
                latencies.append(int((now - sent_at[connection]) * 1e6))
            if now < end:
                sent_at[connection] = now
                connection.sendall(made())
            else:
                selector.unregister(connection)
                connection.close()
                del sent_at[connection]
    return {"count": len(latencies), "latencies": latencies}


def _maker(plan: Plan) -> Callable[[], bytes]:
    if plan.event is None:
        return cycle([request.encode() for request in plan.requests]).__next__
    return EventMaker(plan.event["prefix"], plan.event["secret"])


def _receive(connection: socket.socket, wanted: bytes) -> None:
    answer = connection.recv(65_536)
    head_end = answer.find(b"\r\n\r\n")
    while head_end < 0:
        more = connection.recv(65_536)
        if not more:
            raise WrongAnswer(f"the connection was closed after {answer!r}")
        answer += more
        head_end = answer.find(b"\r\n\r\n")
    length = _LENGTH.search(answer, 0, head_end)
    if not answer.startswith(wanted) or length is None:
        raise WrongAnswer(answer.decode(errors="replace"))
    left = head_end + 4 + int(length[1]) - len(answer)
    while left > 0:
        left -= len(connection.recv(65_536))


def as_json(plan: Plan) -> str:
    """The plan as ``python -m bench.load`` reads it."""
    return json.dumps(asdict(plan))


def main() -> None:
    """Be a client of the bench."""
    plan = Plan(**json.loads(sys.stdin.readline()))
    print("ready", flush=True)
    begin, end = json.loads(sys.stdin.readline())
    json.dump(drive(plan, begin, end), sys.stdout)


if __name__ == "__main__":
    main()
