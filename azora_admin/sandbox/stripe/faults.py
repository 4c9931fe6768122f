"""Faults of the connection and of the server, asked for by an operator, used up one request at a time."""

from __future__ import annotations

import fnmatch
import threading
from dataclasses import dataclass, replace
from typing import Final

from azora_admin.sandbox.stripe.errors import ApiError, refused_parameter
from azora_admin.sandbox.stripe.json_types import Json

BEFORE: Final = ("500_before", "429", "429_lock_timeout", "reset_before")
AFTER: Final = ("500_after", "timeout_after", "reset_after")
KINDS: Final = (*BEFORE, *AFTER, "stall")


@dataclass(frozen=True, slots=True)
class Fault:
    """``path`` may hold ``*``; ``method`` may be ``*``; ``times`` requests are hit, then it is gone."""

    method: str
    path: str
    kind: str
    times: int

    def hits(self, method: str, path: str) -> bool:
        return self.method in ("*", method) and fnmatch.fnmatchcase(path, self.path)


class Faults:
    """The faults in wait. Not kept over a restart: a fault belongs to an experiment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []
        self._stall_over = threading.Event()
        self.stalled = 0

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)
            self._stall_over.clear()

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()
        self.release()

    def take(self, method: str, path: str) -> str | None:
        """The kind of fault for this request, if one waits for it."""
        with self._lock:
            for place, fault in enumerate(self._waiting):
                if fault.hits(method, path):
                    self._waiting[place : place + 1] = (
                        [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                    )
                    return fault.kind
        return None

    def stall(self) -> None:
        """Holds the calling request, its idempotency key in use, until ``release``."""
        with self._lock:
            self.stalled += 1
        self._stall_over.wait()
        with self._lock:
            self.stalled -= 1

    def release(self) -> None:
        self._stall_over.set()

    def as_json(self) -> list[Json]:
        with self._lock:
            return [
                {"method": one.method, "path": one.path, "kind": one.kind, "times": one.times}
                for one in self._waiting
            ]


def read_fault(given: Json) -> Fault:
    """Raises ApiError 400 for a kind there isn't."""
    if given.get("kind") not in KINDS:
        raise refused_parameter(f"kind is one of {', '.join(KINDS)}", "kind")
    times = given.get("times", 1)
    if not isinstance(times, int) or times < 1:
        raise refused_parameter("times is a positive integer", "times")
    method, path = str(given.get("method", "*")).upper(), str(given.get("path", "*"))
    return Fault(method, path, given["kind"], times)


def server_error() -> ApiError:
    """500 as Stripe words it."""
    return ApiError(500, "An unknown error occurred", kind="api_error")


def refusal_before(kind: str) -> ApiError:
    """The answer of a fault that strikes before anything is executed."""
    if kind == "429":
        return ApiError(
            429,
            "Request rate limit exceeded. Learn more about rate limits here: https://stripe.com/docs/rate-limits.",
            code="rate_limit",
            kept=False,
        )
    if kind == "429_lock_timeout":
        return ApiError(
            429,
            "This object cannot be accessed right now because another API request or Stripe process is currently "
            "accessing it. If you see this error intermittently, retry the request. If you see this error "
            "frequently and are making multiple concurrent requests to a single object, make your requests "
            "serially or at a lower rate. For more details, see https://stripe.com/docs/rate-limits#object-lock-timeouts.",
            code="lock_timeout",
            kept=False,
            headers={"Stripe-Should-Retry": "true"},
        )
    return ApiError(500, "An unknown error occurred", kind="api_error", kept=False)
