"""``azora stripe``: what is found and changed at Stripe, in plain words, and an exit status to build upon."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from azora_admin.cli import main
from azora_admin.core import clock
from azora_admin.gateways.stripe import endpoints
from azora_admin.gateways.stripe.client import API_VERSION
from azora_admin.jobs.stripe_events import FLOWS
from tests.messaging.events import jobs
from tests.selling import Shop

URL = "https://azora.example/webhooks/stripe"


@pytest.fixture
def environment(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The settings of a live site whose Stripe is the stand-in."""
    for name, value in {
        "AZORA_MODE": "live",
        "AZORA_BASE_URL": "https://azora.example",
        "AZORA_HOME": str(shop.settings.home),
        "AZORA_DATABASE_URL": shop.settings.database_url,
        "AZORA_SECRET_KEY": shop.settings.secret_key.get_secret_value(),
        "STRIPE_API_KEY": "sk_test_azora",
        "STRIPE_API_BASE": shop.stand_in.base,
        "STRIPE_WEBHOOK_SECRET": "whsec_one",
    }.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def azora(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["stripe", *arguments])


def backfill(since: str) -> subprocess.CompletedProcess[str]:
    """As a process of its own: it connects to the database."""
    command = [sys.executable, "-m", "azora_admin.cli", "stripe", "backfill", "--since", since]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def add(shop: Shop, events: list[str] | None = None) -> str:
    made, _ = endpoints.create_endpoint(shop.stripe, url=URL, events=events or sorted(FLOWS))
    return made.id


@pytest.mark.usefixtures("environment")
def test_where_there_is_none_an_endpoint_is_made_and_its_secret_told_once(shop: Shop) -> None:
    checked = azora("setup", "--check")
    assert (checked.exit_code, endpoints.list_endpoints(shop.stripe)) == (1, [])
    assert f"No endpoint sends to {URL}." in checked.output
    made = azora("setup")
    (endpoint,) = endpoints.list_endpoints(shop.stripe)
    assert made.exit_code == 1  # the secret is to be set
    assert "told this one time: whsec_" in made.output
    assert (endpoint.url, endpoint.api_version, endpoint.events, endpoint.is_enabled) == (
        URL,
        API_VERSION,
        frozenset(FLOWS),
        True,
    )
    again = azora("setup")
    assert again.exit_code == 0
    assert "whsec_" not in again.output
    assert endpoints.list_endpoints(shop.stripe) == [endpoint]


@pytest.mark.usefixtures("environment")
def test_an_endpoint_that_sends_other_events_or_none_is_corrected(shop: Shop) -> None:
    endpoint_id = add(shop, ["payment_intent.succeeded", "plan.created"])
    shop.office.v1.webhook_endpoints.update(endpoint_id, {"disabled": True})
    checked = azora("setup", "--check")
    assert checked.exit_code == 1
    assert (
        "does not send charge.dispute.closed, charge.dispute.created, charge.dispute.funds_reinstated"
        in checked.output
    )
    assert "sends plan.created, which nothing here is done about" in checked.output
    assert f"{endpoint_id} is disabled." in checked.output
    assert not endpoints.list_endpoints(shop.stripe)[0].is_enabled
    corrected = azora("setup")
    assert (corrected.exit_code, f"{endpoint_id} is corrected" in corrected.output) == (0, True)
    (endpoint,) = endpoints.list_endpoints(shop.stripe)
    assert (endpoint.id, endpoint.events, endpoint.is_enabled) == (endpoint_id, frozenset(FLOWS), True)
    assert azora("setup", "--check").exit_code == 0


@pytest.mark.usefixtures("environment")
def test_an_endpoint_of_another_version_gets_one_of_ours_beside_it(shop: Shop) -> None:
    old = shop.office.v1.webhook_endpoints.create({"url": URL, "enabled_events": ["*"]})
    made = azora("setup")
    assert made.exit_code == 1
    assert f"{old.id} sends to {URL} at API version of the account." in made.output
    assert len(endpoints.list_endpoints(shop.stripe)) == 2
    assert f"{old.id} sends there too" in azora("setup").output
    removed = azora("setup", "--remove-old")
    assert f"{old.id}, which sent there too, is removed" in removed.output
    assert [one.api_version for one in endpoints.list_endpoints(shop.stripe)] == [API_VERSION]


def test_a_secret_is_rolled_by_two_endpoints_and_two_secrets(
    shop: Shop, environment: pytest.MonkeyPatch
) -> None:
    first = add(shop)
    rolled = azora("setup", "--roll")
    assert rolled.exit_code == 1
    secret = rolled.output.split("told this one time: ")[1].split()[0]
    environment.setenv("STRIPE_WEBHOOK_SECRET", f"whsec_one, {secret}")
    between = azora("setup")
    assert between.exit_code == 0
    assert "2 signing secrets are accepted: a roll." in between.output
    assert azora("setup", "--remove-old").exit_code == 0
    (left,) = endpoints.list_endpoints(shop.stripe)
    assert left.id != first


def test_without_a_secret_something_is_left_to_do(shop: Shop, environment: pytest.MonkeyPatch) -> None:
    add(shop)
    environment.setenv("STRIPE_WEBHOOK_SECRET", " , ")
    told = azora("setup")
    assert told.exit_code == 1
    assert "STRIPE_WEBHOOK_SECRET is not set: every event is refused." in told.output


def test_what_can_not_work_is_told_before_stripe_is_asked(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("STRIPE_API_BASE")
    environment.setenv("AZORA_BASE_URL", "http://azora.example")
    told = azora("setup")
    assert (told.exit_code, "Stripe sends to https:// alone" in told.output) == (1, True)
    environment.setenv("STRIPE_API_KEY", "")
    assert "STRIPE_API_KEY is not set" in azora("setup").output


@pytest.mark.usefixtures("environment")
def test_what_was_missed_since_a_day_is_fetched_and_summed_up(shop: Shop) -> None:
    intent = shop.office.v1.payment_intents.create({"amount": 100, "currency": "usd"})
    shop.office.v1.payment_intents.cancel(intent.id)
    since = f"{clock.now() - timedelta(days=1):%Y-%m-%d}"
    done = backfill(since)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"Stripe lists 1 events since {since} 00:00 UTC",
        "1 of them were missing here and are handled now",
        "       1  payment_intent.canceled",
    ]
    assert len(jobs()) == 1
    assert "0 of them were missing" in backfill(since).stdout


@pytest.mark.usefixtures("environment")
def test_a_day_that_stripe_lists_no_longer_is_refused_in_a_sentence() -> None:
    told = backfill("2020-01-01")
    assert (told.returncode, told.stderr) == (
        1,
        "Error: Stripe lists the events of the last 30 days: since must be a time within them.\n",
    )
