"""The one StripeClient, and how its errors become ours.

Every call refuses to run inside a transaction. A call that got no answer raises ``NoAnswer``: what became
of it is unknown until Stripe is asked again, with the same key or by the object's id.
Source of the settings: docs.stripe.com/api/versioning and the measured behaviour of the SDK (its client
retries nothing and waits 80 s by default).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

import stripe
from stripe._v1_services import V1Services

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.core.errors import DomainError

API_VERSION: Final = "2026-10-28.endive"
_CONNECT_SECONDS: Final = 3.05
_NANOSECONDS: Final = 1_000_000  # of a millisecond
_READ_SECONDS: Final = 20.0
_RETRIES: Final = 2

T = TypeVar("T")


class NoAnswer(DomainError):
    """Stripe did not answer, or not in a way that says whether it acted. Ask again; never send anew.

    ``is_final``: Stripe keeps a failure, or what another body was answered, under the idempotency key and will do so
    for a day. Whether it acted is then told by a look at what is there, and only by that.
    """

    def __init__(self, *, is_final: bool = False, reference: str | None = None) -> None:
        self.is_final = is_final
        self.reference = reference
        super().__init__(
            503,
            "payment_outcome_unknown",
            "The payment provider has not answered. Nothing is lost: send the same request again in a moment.",
        )


class Refused(DomainError):
    """Stripe understood and declined for good. What it said (``told``, ``reference``) is for us, not the payer.

    ``is_decline``: the bank said no to the card, and the intent tells why.
    """

    def __init__(self, code: str, told: str, reference: str | None, *, is_decline: bool = False) -> None:
        super().__init__(
            502,
            "payment_provider_refused",
            "The payment provider did not take the order. It is noted, and nothing was charged.",
        )
        self.stripe_code = code
        self.told = told
        self.reference = reference
        self.is_decline = is_decline

    def __str__(self) -> str:
        return f"{self.stripe_code}: {self.told} ({self.reference})"


@dataclass(frozen=True, slots=True)
class Sending:
    """What is about to be sent: ``about`` is our id of it, ``key`` the idempotency key."""

    kind: str
    about: str
    address: str
    key: str


@dataclass(frozen=True, slots=True)
class Sent:
    """How a sending went: ``done``, ``refused`` or ``no_answer``; ``request_id`` is Stripe's name for the call."""

    what: Sending
    outcome: str
    code: str | None
    request_id: str | None
    milliseconds: int


class StripeConnection:
    """The configured client, made on first use so that a process that never calls Stripe never pays for it."""

    def __init__(
        self, settings: Settings, *, read_seconds: float = _READ_SECONDS, retries: int = _RETRIES
    ) -> None:
        self._api_key = settings.stripe_api_key.get_secret_value()
        self._base = settings.stripe_api_base
        self._read_seconds = read_seconds
        self._retries = retries
        # Told of every sending, outside of any transaction: the log of what went out.
        self.on_sent: Callable[[Sent], None] | None = None

    @cached_property
    def v1(self) -> V1Services:
        stripe.enable_telemetry = False
        return self._client().v1

    def _client(self) -> stripe.StripeClient:
        addresses: dict[str, str] = {}
        if self._base:
            addresses = dict.fromkeys(("api", "connect", "files", "meter_events"), self._base)
        return stripe.StripeClient(
            self._api_key,
            stripe_version=API_VERSION,
            max_network_retries=self._retries,
            http_client=stripe.RequestsClient(timeout=(_CONNECT_SECONDS, self._read_seconds)),
            base_addresses=addresses,  # type: ignore[arg-type]
        )

    def send(self, what: Sending, send: Callable[[V1Services], T]) -> T:
        """``call`` something that acts, and have whoever listens told how it went. Raises as ``call`` does."""
        began = time.monotonic_ns()

        def tell(outcome: str, *, code: str | None = None, request_id: str | None = None) -> None:
            if self.on_sent is not None:
                took = (time.monotonic_ns() - began) // _NANOSECONDS
                self.on_sent(Sent(what, outcome, code, request_id, took))

        try:
            answer = self.call(send)
        except NoAnswer as lost:
            tell("no_answer", request_id=lost.reference)
            raise
        except Refused as refused:
            tell("refused", code=refused.stripe_code, request_id=refused.reference)
            raise
        tell("done", request_id=getattr(getattr(answer, "last_response", None), "request_id", None))
        return answer

    def call(self, send: Callable[[V1Services], T]) -> T:
        """Run ``send`` against Stripe. Raises NoAnswer or Refused; RuntimeError inside a transaction."""
        db.forbid_inside_transaction()
        with _our_errors():
            return send(self.v1)


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        is_final = (error.headers or {}).get("Idempotent-Replayed") == "true"
        raise NoAnswer(is_final=is_final, reference=error.request_id) from error
    except stripe.IdempotencyError as error:
        # The key stands for another body (a person was renamed since, say): this one was not looked at.
        raise NoAnswer(is_final=True, reference=error.request_id) from error
    except stripe.StripeError as error:
        # The SDK leaves ``error.code`` empty on several classes; the body's own code is the one to trust.
        code = getattr(error.error, "code", None) or type(error).__name__
        said = error.user_message or str(error)
        is_decline = isinstance(error, stripe.CardError)
        raise Refused(str(code), said, error.request_id, is_decline=is_decline) from error
