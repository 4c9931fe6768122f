"""The SDK's HTTP client with a witness: whatever goes over the wire in a test is held against the description."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import stripe

from tests.sandbox.stripe.description import complaints_of_answer, complaints_of_request


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    method: str
    path: str
    form: str
    sent: Mapping[str, str]
    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass
class Witness:
    """Every exchange of a test, in order."""

    seen: list[Exchange] = field(default_factory=list)

    @property
    def last(self) -> Exchange:
        return self.seen[-1]

    def take(self, exchange: Exchange) -> None:
        """Remembers; fails where the answer is not of Stripe's shape, or a wrong request was accepted."""
        self.seen.append(exchange)
        what = f"{exchange.method} {exchange.path} → {exchange.status}"
        wrong = complaints_of_answer(exchange.method, exchange.path, exchange.status, exchange.body)
        assert not wrong, f"{what}: {wrong}\n{json.dumps(exchange.body, indent=1)[:3000]}"
        assert exchange.headers["Request-Id"].startswith("req_"), what
        if exchange.status < 400:
            asked = complaints_of_request(exchange.method, exchange.path, exchange.form)
            assert not asked, f"{what} accepted a request that the SDK's types don't allow: {asked}"


def _form_of(post_data: Any) -> str:
    """The parameters that were sent; an upload's as a form, with its file's name instead of its content."""
    if not isinstance(post_data, bytes):
        return str(post_data or "")
    parts = re.findall(
        rb'name="([^"]+)"(?:; filename="([^"]*)")?\r\n(?:[^\r\n]+\r\n)*\r\n([^\r]*)', post_data
    )
    return urlencode([(name.decode(), (filename or content).decode()) for name, filename, content in parts])


class RecordingClient(stripe.RequestsClient):
    """A RequestsClient that shows each exchange to the witness."""

    def __init__(self, witness: Witness, *, timeout: float = 10.0) -> None:
        super().__init__(timeout=timeout)
        self._witness = witness

    def request(  # type: ignore[override]  # as RequestsClient itself
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        body, status, answered = super().request(method, url, headers, post_data)
        target = urlsplit(url)
        form = _form_of(post_data) if method == "post" else target.query
        exchange = Exchange(
            method.upper(), target.path, form, headers or {}, status, answered, json.loads(body)
        )
        self._witness.take(exchange)
        return body, status, answered
