"""One stand-in for all tests here, made fresh by a reset before each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from tests.sandbox.stripe.recording import Witness
from tests.sandbox.stripe.stand_in import PUBLISHABLE_KEY, Receiver, ReceiverServer, StandIn, Start

stripe.enable_telemetry = False


@pytest.fixture(scope="session")
def stand_in_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    running = StandIn(tmp_path_factory.mktemp("stripe"))
    yield running
    running.end()


@pytest.fixture
def stand_in(stand_in_process: StandIn) -> StandIn:
    """The running stand-in, with nothing in it and its time held still so that nothing happens by itself."""
    stand_in_process.control("/reset", {})
    stand_in_process.control("/clock", {"frozen": True})
    return stand_in_process


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts stand-ins of the test's own; whatever still runs at its end is ended."""
    started: list[StandIn] = []

    def begin(data: Path, *, port: int = 0) -> StandIn:
        started.append(StandIn(data, port=port))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.end()


@pytest.fixture
def own_stand_in(start: Start, tmp_path: Path) -> StandIn:
    """A process of the test's own, which it may end as it likes."""
    return start(tmp_path / "own")


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
def client(stand_in: StandIn, witness: Witness) -> stripe.StripeClient:
    """The SDK with the secret key, without retries."""
    return stand_in.client(witness)


@pytest.fixture
def phone(stand_in: StandIn, witness: Witness) -> stripe.StripeClient:
    """The SDK with the publishable key."""
    return stand_in.client(witness, key=PUBLISHABLE_KEY)


@pytest.fixture(scope="session")
def receiver_server() -> Iterator[ReceiverServer]:
    server = ReceiverServer.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def receiver(receiver_server: ReceiverServer) -> Receiver:
    """A webhook endpoint that got nothing yet."""
    receiver_server.receiver.forget()
    return receiver_server.receiver


@pytest.fixture
def hook(client: stripe.StripeClient, receiver: Receiver) -> stripe.WebhookEndpoint:
    """The receiver, registered for every event."""
    return client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": ["*"]})
