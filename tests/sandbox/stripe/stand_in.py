"""The stand-in as a process of its own, and a receiver of its deliveries: what the tests here work with."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import stripe
from stripe._base_address import BaseAddresses

from tests.sandbox.stripe.recording import RecordingClient, Witness

API_KEY = "sk_test_azora"
PUBLISHABLE_KEY = "pk_test_azora"


@dataclass(frozen=True)
class RawAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class StandIn:
    """A process on a free port; ``data`` outlives it."""

    def __init__(self, data: Path, *, port: int = 0) -> None:
        command = [
            sys.executable,
            "-m",
            "azora_admin.sandbox.stripe",
            "--port",
            str(port),
            "--data",
            str(data),
        ]
        self.data = data
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("listening http://127.0.0.1:"), line
        self.base = line.split()[1]

    @property
    def port(self) -> int:
        return int(self.base.rpartition(":")[2])

    def end(self, with_signal: int = signal.SIGTERM) -> int:
        """Ends it and waits; the exit status."""
        self.process.send_signal(with_signal)
        status = self.process.wait(timeout=5)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status

    def control(self, path: str, given: Any = None) -> Any:
        """A control's answer: GET without ``given``, POST with it. Fails on any error."""
        answer = self.raw(
            "GET" if given is None else "POST",
            f"/_sandbox{path}",
            body=None if given is None else json.dumps(given).encode(),
        )
        assert answer.status == 200, answer.body
        return answer.json

    def raw(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> RawAnswer:
        """A plain request, without the SDK between."""
        request = urllib.request.Request(
            self.base + path, data=body, method=method, headers=dict(headers or {})
        )
        opener = urllib.request.build_opener(_StayHere)
        try:
            with opener.open(request, timeout=10) as answer:
                return RawAnswer(answer.status, dict(answer.headers.items()), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return RawAnswer(error.code, dict(error.headers.items()), error.read())

    def client(
        self, witness: Witness, *, key: str = API_KEY, retries: int = 0, timeout: float = 10.0
    ) -> stripe.StripeClient:
        """The real SDK, pointed here; every exchange goes past ``witness``."""
        addresses = BaseAddresses(api=self.base, connect=self.base, files=self.base, meter_events=self.base)
        return stripe.StripeClient(
            key,
            base_addresses=addresses,
            stripe_version="2026-10-28.endive",
            max_network_retries=retries,
            http_client=RecordingClient(witness, timeout=timeout),
        )


class Start(Protocol):
    """Starts a stand-in on a folder."""

    def __call__(self, data: Path, *, port: int = 0) -> StandIn: ...


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_more: Any) -> None:
        return None


@dataclass(frozen=True)
class Delivery:
    """One POST that arrived."""

    body: bytes
    signature: str

    @property
    def event(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """A webhook endpoint: keeps what arrives and answers what it was told to, 200 when nothing else is said."""

    url: str = ""
    arrived: list[Delivery] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    together: int = 0
    most_together: int = 0
    wait_for: int = 1  # answers only when so many deliveries are here at the same time
    connections: int = 0
    condition: threading.Condition = field(default_factory=threading.Condition)

    def take(self, delivery: Delivery) -> int:
        with self.condition:
            self.together += 1
            self.most_together = max(self.most_together, self.together)
            self.condition.notify_all()
            self.condition.wait_for(lambda: self.most_together >= self.wait_for, timeout=5)
            self.together -= 1
            self.arrived.append(delivery)
            return self.answers.pop(0) if self.answers else 200

    @property
    def events(self) -> list[Any]:
        return [one.event for one in list(self.arrived)]

    @property
    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def forget(self) -> None:
        with self.condition:
            self.arrived.clear()
            self.answers.clear()
            self.wait_for, self.most_together, self.connections = 1, 0, 0


class ReceiverServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    receiver: Receiver

    @classmethod
    def start(cls) -> ReceiverServer:
        server = cls(("127.0.0.1", 0), _Door)
        server.receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hook?from=stripe")
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return server


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ReceiverServer

    def setup(self) -> None:
        super().setup()
        self.server.receiver.connections += 1

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # its sender was killed on the way: nothing was delivered
            return
        assert self.path == "/hook?from=stripe"
        status = self.server.receiver.take(Delivery(body, self.headers["Stripe-Signature"]))
        self.wfile.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())

    def log_message(self, *_args: Any) -> None:
        """Deliveries are not printed."""
