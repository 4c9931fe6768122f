"""``azora stripe setup``: Stripe sends our events to us, at our API version, signed with a secret that we hold.

An endpoint's API version can't be changed, and its secret is told once. So a new version or secret is another endpoint
beside the old one: both send, every event is kept once, and the old one goes when the new secret is in place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from azora_admin.core.config import Settings
from azora_admin.gateways.stripe import endpoints
from azora_admin.gateways.stripe.client import API_VERSION, StripeConnection
from azora_admin.gateways.stripe.endpoints import Endpoint
from azora_admin.launch.problem import LaunchError

Say = Callable[[str], None]
Wish = Literal["check", "correct", "roll", "remove_old"]
PATH: Final = "/webhooks/stripe"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What there should be."""

    url: str
    events: Sequence[str]


def wanted_endpoint(settings: Settings, events: Sequence[str]) -> Wanted:
    """The endpoint of this site. Raises LaunchError without a key, or with an address that Stripe can't reach."""
    if not settings.stripe_api_key.get_secret_value():
        raise LaunchError("STRIPE_API_KEY is not set: Stripe can't be asked.")
    url = f"{settings.public_url}{PATH}"
    if not settings.stripe_api_base and urlsplit(url).scheme != "https":
        raise LaunchError(
            f"Stripe sends to https:// alone, and {url} is not. Set AZORA_BASE_URL to the site's public address."
        )
    return Wanted(url, events)


def secrets_of(settings: Settings) -> list[str]:
    """The signing secrets that are accepted."""
    joined = settings.stripe_webhook_secret.get_secret_value()
    return [secret.strip() for secret in joined.split(",") if secret.strip()]


def differences(endpoint: Endpoint, wanted: Wanted) -> list[str]:
    """What is not as it should be at an endpoint of our API version, in words."""
    missing = sorted(set(wanted.events) - endpoint.events)
    surplus = sorted(endpoint.events - set(wanted.events))
    found = []
    if missing:
        found.append(f"does not send {', '.join(missing)}")
    if surplus:
        found.append(f"sends {', '.join(surplus)}, which nothing here is done about")
    if not endpoint.is_enabled:
        found.append("is disabled")
    return found


def set_up(settings: Settings, wanted: Wanted, say: Say, *, wish: Wish) -> int:
    """Compare and, unless only a check is wished for, correct. 0: all is as it should be; 1: something is left to do.

    Raises NoAnswer, Refused.
    """
    stripe = StripeConnection(settings)
    ours = [one for one in endpoints.list_endpoints(stripe) if one.url == wanted.url]
    current = [one for one in ours if one.api_version == API_VERSION]
    if wish == "roll":
        return _add(stripe, wanted, say)
    if not current:
        left = _without_current(stripe, wanted, ours, say, wish=wish)
    else:
        left = _with_current(stripe, wanted, current[0], say, wish=wish)
        left += _others(stripe, [one for one in ours if one is not current[0]], say, wish=wish)
    left += _secrets(settings, say)
    return 1 if left else 0


def _without_current(
    stripe: StripeConnection, wanted: Wanted, ours: Sequence[Endpoint], say: Say, *, wish: Wish
) -> int:
    for one in ours:
        say(f"{one.id} sends to {one.url} at API version {one.api_version or 'of the account'}.")
    if not ours:
        say(f"No endpoint sends to {wanted.url}.")
    if wish == "correct":
        return _add(stripe, wanted, say)
    say(f"One of API version {API_VERSION} is missing: azora stripe setup makes it.")
    return 1


def _add(stripe: StripeConnection, wanted: Wanted, say: Say) -> int:
    made, secret = endpoints.create_endpoint(stripe, url=wanted.url, events=wanted.events)
    say(f"{made.id} is made: {len(wanted.events)} types of events, to {made.url}, API version {API_VERSION}.")
    say(f"Its signing secret, told this one time: {secret}")
    say("Put it into STRIPE_WEBHOOK_SECRET (a present one stays, behind a comma) and restart web.")
    return 1


def _with_current(
    stripe: StripeConnection, wanted: Wanted, current: Endpoint, say: Say, *, wish: Wish
) -> int:
    say(f"{current.id} sends to {current.url}, API version {current.api_version}.")
    wrong = differences(current, wanted)
    for sentence in wrong:
        say(f"{current.id} {sentence}.")
    if wrong and wish != "check":
        endpoints.correct_endpoint(stripe, current.id, events=wanted.events)
        say(f"{current.id} is corrected: it sends {len(wanted.events)} types of events.")
        return 0
    return len(wrong)


def _others(stripe: StripeConnection, others: Sequence[Endpoint], say: Say, *, wish: Wish) -> int:
    for one in others:
        if wish == "remove_old":
            endpoints.delete_endpoint(stripe, one.id)
            say(f"{one.id}, which sent there too, is removed: take its secret out of STRIPE_WEBHOOK_SECRET.")
        else:
            say(
                f"{one.id} sends there too, so every event comes twice and is kept once. When the newest one's secret "
                "is in place: azora stripe setup --remove-old."
            )
    return 0


def _secrets(settings: Settings, say: Say) -> int:
    count = len(secrets_of(settings))
    if count == 0:
        say("STRIPE_WEBHOOK_SECRET is not set: every event is refused.")
        return 1
    say("One signing secret is accepted." if count == 1 else f"{count} signing secrets are accepted: a roll.")
    return 0
