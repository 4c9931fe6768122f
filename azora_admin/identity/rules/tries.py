"""How often somebody may try a password, and how long they wait after too many in vain. Pure.

Three counts slow down whoever guesses: for the account from one place, for the account from anywhere, for the place
over all accounts. A device or a place from which the account was entered before has a count of its own and none of the
others, so that nobody can lock a person out by hammering at their account from elsewhere.
Source: OWASP, "Slow down online guessing attacks with device cookies".
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from azora_admin.core.errors import DomainError
from azora_admin.identity.rules.people import normalized_email

PLACE_LIFE: Final = timedelta(days=30)
_IPV6_PREFIX: Final = 64
_MOST_DOUBLINGS: Final = 16


class TooManyTries(DomainError):
    """Somebody tried too often in vain; the same words whether or not the account exists."""

    def __init__(self, retry_after: int) -> None:
        text = f"Too many tries. Wait {_in_words(retry_after)}, then go on."
        super().__init__(429, "rate_limited", text)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Patience:
    """``free`` tries in vain cost nothing; each further one doubles the wait, from ``first`` to ``longest``.

    After ``quiet`` without a try all is forgotten.
    """

    free: int
    first: timedelta
    longest: timedelta
    quiet: timedelta

    def wait_after(self, failures: int) -> timedelta:
        """How long nobody may try after so many tries in vain."""
        if failures < self.free:
            return timedelta()
        doublings = min(failures - self.free, _MOST_DOUBLINGS)
        return min(self.first * (1 << doublings), self.longest)


# One place or device at one account: a person who mistypes, or a small attack.
PAIR: Final = Patience(10, timedelta(seconds=30), timedelta(minutes=15), timedelta(hours=12))
# One account from places it was never entered from: a botnet, or a person on a new phone.
ACCOUNT: Final = Patience(30, timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=24))
# One place at any accounts: spraying, or a school behind one address.
PLACE: Final = Patience(40, timedelta(seconds=2), timedelta(minutes=15), timedelta(minutes=30))

# One place that asks for mails to addresses it names: a person who forgot which, or somebody who annoys people.
ASK: Final = Patience(10, timedelta(seconds=30), timedelta(minutes=15), timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Tally:
    """The tries in vain of one count, when the last one was, and until when nobody may try."""

    failures: int
    last_at: datetime
    blocked_until: datetime

    def after_try(self, patience: Patience, now: datetime) -> Tally:
        """One more in vain."""
        failures = 1 if now - self.last_at >= patience.quiet else self.failures + 1
        return Tally(failures, now, now + patience.wait_after(failures))


@dataclass(frozen=True, slots=True)
class Attempt:
    """Who is tried to be entered, from where, and with what a browser remembers of an earlier time."""

    email: str
    address: str
    device: str | None = None

    @property
    def account_key(self) -> bytes:
        """The same for all ways of writing an address, and there is one for every text: no account needs to exist."""
        return _key("account", normalized_email(self.email) or self.email.strip().casefold())

    @property
    def place_key(self) -> bytes:
        return _key("place", network_of(self.address))

    @property
    def pair_key(self) -> bytes:
        return _key("pair", self.account_key.hex(), network_of(self.address))

    @property
    def device_key(self) -> bytes | None:
        return _key("device", self.account_key.hex(), self.device) if self.device else None


def ask_key(address: str) -> bytes:
    """What the count of a place that asks for mails is known by."""
    return _key("ask", network_of(address))


def network_of(address: str) -> str:
    """The place that ``address`` is: itself, or of IPv6 the /64 that one customer has."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ip_network((found, _IPV6_PREFIX), strict=False))


def _key(*parts: str) -> bytes:
    return hashlib.sha256("\0".join(parts).encode(errors="replace")).digest()


def _in_words(seconds: int) -> str:
    if seconds < 60:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    minutes = -(-seconds // 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
