"""A learner's phone: it speaks HTTP to the public API and confirms payments at Stripe's stand-in.

It knows what an app knows, a publishable key and a client secret, and nothing of what is behind the API.
"""

from __future__ import annotations

import http.client
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

PUBLISHABLE_KEY: Final = "pk_test_azora"
_PAUSE: Final = 0.25
# An access token that ended, or whose key was replaced at once: the refresh token leads to another one.
_RENEWABLE: Final = frozenset({"token_expired", "invalid_token"})


class CallFailed(Exception):
    """The other side answered with an error."""

    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self.body = body
        super().__init__(f"{status} {self.code}")

    @property
    def code(self) -> str:
        """Our problem code, or Stripe's."""
        error = self.body.get("error", self.body) if isinstance(self.body, dict) else {}
        return str(error.get("decline_code") or error.get("code") or "unreadable")


class Line:
    """One kept-alive connection to one server. A call that gets no answer is made again for ``patience`` seconds."""

    def __init__(self, url: str, *, patience: float = 0.0) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=30.0)
        self._patience = patience

    def call(self, method: str, path: str, *, body: bytes | None = None, headers: dict[str, str]) -> Any:
        """The JSON answer. Raises CallFailed for an error, OSError when there is no answer at all."""
        give_up_at = time.monotonic() + self._patience
        while True:
            try:
                return self._call_once(method, path, body, headers)
            except OSError:
                if time.monotonic() >= give_up_at:
                    raise
                time.sleep(_PAUSE)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _call_once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        try:
            self._connection.request(method, path, body=body, headers=headers)
            response = self._connection.getresponse()
            raw = response.read()
        except http.client.HTTPException as broken:
            self._connection.close()
            raise ConnectionError(f"the answer broke off: {type(broken).__name__}") from broken
        except OSError:
            self._connection.close()
            raise
        answer = json.loads(raw) if raw else {}
        if response.status >= 400:
            raise CallFailed(response.status, answer)
        return answer


@dataclass(frozen=True, slots=True)
class Bought:
    """A payment that waits for its confirmation."""

    payment_id: str
    intent_id: str
    client_secret: str


class Wallet:
    """The part of the phone that talks to Stripe."""

    def __init__(
        self, stripe_base: str, *, publishable_key: str = PUBLISHABLE_KEY, patience: float = 0.0
    ) -> None:
        self._line = Line(stripe_base, patience=patience)
        self._headers = {
            "Authorization": f"Bearer {publishable_key}",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def confirm(self, intent_id: str, *, client_secret: str, card: str) -> str:
        """Pay with a test card such as ``pm_card_visa``. Returns the intent's status; a decline raises CallFailed."""
        once = {**self._headers, "Idempotency-Key": secrets.token_hex(16)}
        form = urlencode({"payment_method": card, "client_secret": client_secret}).encode()
        answer = self._line.call("POST", f"/v1/payment_intents/{intent_id}/confirm", body=form, headers=once)
        return str(answer["status"])


class Phone:
    """One learner's app."""

    def __init__(self, api_url: str, wallet: Wallet, *, patience: float = 0.0) -> None:
        self._line = Line(api_url, patience=patience)
        self._wallet = wallet
        self._headers = {"Content-Type": "application/json"}
        self._refresh_token: str | None = None

    def close(self) -> None:
        """Hang up, here and at Stripe."""
        self._line.close()
        self._wallet.close()

    def sign_up(self, *, email: str, name: str, password: str) -> None:
        """Open an account; it is the same account if an earlier try got through without its answer."""
        try:
            self._post("/api/v1/users", {"email": email, "name": name, "password": password})
        except CallFailed as failure:
            if not any(error["code"] == "email_taken" for error in failure.body.get("errors", ())):
                raise

    def sign_in(self, *, email: str, password: str) -> None:
        """Get a pair of tokens and carry them from now on."""
        self._carry(self._post("/api/v1/auth/token", {"email": email, "password": password}))

    def courses(self, *, limit: int = 100) -> list[dict[str, Any]]:
        """The newest courses of the shelf."""
        items: list[dict[str, Any]] = self._get(f"/api/v1/courses?limit={limit}")["items"]
        return items

    def buy(self, course_id: str) -> Bought:
        """Order a course. Raises CallFailed, ``already_purchased`` among others."""
        answer = self._post(f"/api/v1/courses/{course_id}/purchase", {})
        return Bought(answer["id"], answer["stripe_payment_intent_id"], answer["client_secret"])

    def pay(self, bought: Bought, *, card: str) -> str:
        """Confirm the payment with a card; returns the intent's status, raises CallFailed for a decline."""
        return self._wallet.confirm(bought.intent_id, client_secret=bought.client_secret, card=card)

    def may_open(self, course_id: str) -> bool:
        """Whether the learner has access."""
        return bool(self._get(f"/api/v1/me/access?course_id={course_id}")["allowed"])

    def _get(self, path: str) -> Any:
        return self._call("GET", path, None)

    def _post(self, path: str, body: dict[str, str]) -> Any:
        return self._call("POST", path, json.dumps(body).encode())

    def _call(self, method: str, path: str, body: bytes | None) -> Any:
        try:
            return self._line.call(method, path, body=body, headers=self._headers)
        except CallFailed as failure:
            if failure.code not in _RENEWABLE or self._refresh_token is None:
                raise
        self._refresh()
        return self._line.call(method, path, body=body, headers=self._headers)

    def _refresh(self) -> None:
        """Go on with the next pair of tokens. Raises CallFailed when the app was signed out."""
        body = json.dumps({"refresh_token": self._refresh_token}).encode()
        plain = {"Content-Type": "application/json"}
        self._carry(self._line.call("POST", "/api/v1/auth/refresh", body=body, headers=plain))

    def _carry(self, tokens: dict[str, str]) -> None:
        self._headers["Authorization"] = f"Bearer {tokens['access_token']}"
        self._refresh_token = tokens["refresh_token"]
