"""Learners who buy: through the public API and the stand-in, as phones do, so that pages move while you watch."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

from azora_admin.sandbox import catalogue
from azora_admin.sandbox.phone import CallFailed, Phone, Wallet

_CARDS: Final = (
    ("pm_card_visa", 70),
    ("pm_card_mastercard", 20),
    ("pm_card_amex", 6),
    ("pm_card_visa_chargeDeclined", 2),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", 1),
    ("", 1),
)
_PURCHASES_A_LEARNER: Final = 6
_TELL_EVERY: Final = 5.0
# A person taps again for about so many seconds when the app can't reach us.
_PATIENCE: Final = 20.0

Say = Callable[[str], None]


@dataclass
class Tally:
    """What became of the purchases so far, counted by outcome."""

    outcomes: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, outcome: str) -> None:
        with self._lock:
            self.outcomes[outcome] += 1

    def text(self) -> str:
        with self._lock:
            return ", ".join(f"{count} {outcome}" for outcome, count in self.outcomes.most_common())


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to buy and how much: ``rate`` purchases a second until ``purchases`` are made (None: until stopped)."""

    api_url: str
    stripe_base: str
    rate: float
    purchases: int | None = None
    buyers: int = 4


def run(plan: Plan, *, stop: threading.Event, say: Say, tally: Tally | None = None) -> Tally:
    """Buy until ``stop`` is set or the plan is done. Several buyers share the rate; each outcome is counted.

    A ``tally`` that is given can be watched meanwhile.
    """
    tally, tickets = tally or Tally(), _Tickets(plan, stop)
    buyers = [
        threading.Thread(target=_buy_on, args=(plan, tickets, tally), daemon=True) for _ in range(plan.buyers)
    ]
    for buyer in buyers:
        buyer.start()
    told_at = time.monotonic()
    while any(buyer.is_alive() for buyer in buyers):
        buyers[0].join(0.2)
        if time.monotonic() - told_at > _TELL_EVERY:
            told_at = time.monotonic()
            say(tally.text() or "waiting for the first purchase")
    say(tally.text() or "nothing was bought")
    return tally


class _Tickets:
    """Lets purchases begin one by one at the plan's rate, whoever asks."""

    def __init__(self, plan: Plan, stop: threading.Event) -> None:
        self._gap = 1 / plan.rate
        self._left = plan.purchases
        self._stop = stop
        self._next_at = time.monotonic()
        self._lock = threading.Lock()

    def draw(self) -> bool:
        """Wait for the next turn; False when there is none any more."""
        with self._lock:
            if self._stop.is_set() or self._left == 0:
                return False
            if self._left is not None:
                self._left -= 1
            at = self._next_at = max(self._next_at + self._gap, time.monotonic() - 1)
        return not self._stop.wait(max(0.0, at - time.monotonic()))


def _buy_on(plan: Plan, tickets: _Tickets, tally: Tally) -> None:
    chance = random.Random()
    while tickets.draw():
        try:
            with closing(_new_learner(plan, chance)) as phone:
                _shop(phone, chance, tickets, tally)
        except CallFailed as failure:
            tally.add(failure.code)
        except (OSError, ValueError) as failure:
            tally.add(f"unanswered ({type(failure).__name__})")


def _shop(phone: Phone, chance: random.Random, tickets: _Tickets, tally: Tally) -> None:
    """One learner's purchases, the first on the ticket that is drawn already."""
    for number in range(_PURCHASES_A_LEARNER):
        if number and not tickets.draw():
            return
        try:
            tally.add(_buy_one(phone, chance))
        except CallFailed as failure:
            tally.add(failure.code)


def _new_learner(plan: Plan, chance: random.Random) -> Phone:
    name = f"{chance.choice(catalogue.FIRST_NAMES)} {chance.choice(catalogue.LAST_NAMES)}"
    email = f"{name.replace(' ', '.').lower()}.{secrets.token_hex(4)}@traffic.azora.test"
    password = secrets.token_urlsafe(12)
    phone = Phone(plan.api_url, Wallet(plan.stripe_base, patience=_PATIENCE), patience=_PATIENCE)
    phone.sign_up(email=email, name=name, password=password)
    phone.sign_in(email=email, password=password)
    return phone


def _buy_one(phone: Phone, chance: random.Random) -> str:
    course = chance.choice([one for one in phone.courses() if one["price"]["amount"]])
    (card,) = chance.choices([card for card, _ in _CARDS], [weight for _, weight in _CARDS])
    bought = phone.buy(course["id"])
    return phone.pay(bought, card=card) if card else "left in the cart"
