"""``azora stripe``: the webhook endpoint at Stripe, and events that no webhook brought."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from typing import Literal

import click

from azora_admin.core.config import load_settings
from azora_admin.launch.telling import sentences, settings_with_database


@click.group()
def stripe() -> None:
    """What is between Stripe and us."""


@stripe.command("setup")
@click.option("--check", "wish", flag_value="check", help="Only say what is not as it should be.")
@click.option("--roll", "wish", flag_value="roll", help="Make another endpoint beside it, with a new secret.")
@click.option(
    "--remove-old",
    "wish",
    flag_value="remove_old",
    help="Remove the endpoints that the newest one replaces, once its secret is in place.",
)
def set_up_endpoint(wish: Literal["check", "roll", "remove_old"] | None) -> None:
    """Have Stripe send our events to this site, and say what was found and changed.

    Exit status 1 when something is left to do.
    """
    from azora_admin.jobs.stripe_events import FLOWS
    from azora_admin.launch import stripe_setup
    from azora_admin.launch.home import completed

    with sentences():
        settings = completed(load_settings())
        wanted = stripe_setup.wanted_endpoint(settings, sorted(FLOWS))
        sys.exit(stripe_setup.set_up(settings, wanted, click.echo, wish=wish or "correct"))


@stripe.command("backfill")
@click.option(
    "--since",
    required=True,
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]),
    help="A day or time in UTC, at most 30 days ago.",
)
def backfill_events(since: datetime) -> None:
    """Fetch every event since a time that is missing here from Stripe's own list; the worker then handles them."""
    from azora_admin.core import db
    from azora_admin.flows import backfill
    from azora_admin.gateways.stripe.client import StripeConnection
    from azora_admin.jobs.stripe_events import FLOWS

    with sentences():
        settings = settings_with_database()
        db.connect(settings)
        found = backfill.fetch_since(
            StripeConnection(settings), since.replace(tzinfo=UTC), types=sorted(FLOWS)
        )
        missed = Counter(event.type for event in found.missed)
        click.echo(f"Stripe lists {found.listed} events since {since:%Y-%m-%d %H:%M} UTC")
        click.echo(f"{missed.total()} of them were missing here and are handled now")
        for type_, count in sorted(missed.items()):
            click.echo(f"  {count:>6}  {type_}")
