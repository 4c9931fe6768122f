"""``azora reconcile``: the book held against Stripe's statement, and every difference by its name."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Final

import click

from azora_admin.launch.telling import sentences, settings_with_database

_LISTED: Final = 1_000
_DAY: Final = click.DateTime(["%Y-%m-%d"])


@click.command("reconcile")
@click.option("--day", type=_DAY, help="Read Stripe's statement of this day (UTC) anew, and compare it.")
@click.option("--since", type=_DAY, help="The same for every day from this one on.")
def reconcile(day: datetime | None, since: datetime | None) -> None:
    """Hold the book against Stripe's statement, and name every difference.

    Reads on from where it was read to, and compares the days that something changed on. Exit status 1 when anything
    differs.
    """
    from azora_admin.core import clock, db
    from azora_admin.flows import reconciling
    from azora_admin.gateways.stripe.client import StripeConnection

    with sentences():
        if day and since:
            raise click.UsageError("Name a day, or since when: not both.")
        settings = settings_with_database()
        db.connect(settings)
        stripe = StripeConnection(settings)
        if day or since:
            today = clock.now().astimezone(UTC).date()
            first = day.date() if day else since.date() if since else today
            done = reconciling.reconcile_again(stripe, first, first if day else max(first, today))
        else:
            done = reconciling.reconcile(stripe)
        click.echo(f"{done.new_lines} new lines in Stripe's statement, {_days(done.days)} compared")
        sys.exit(tell(click.echo))


def tell(say: Callable[[str], None]) -> int:
    """Say what differs now. Returns the exit status: 1 when anything does."""
    from azora_admin.core import db
    from azora_admin.reconciliation.queries import count_by_state, open_differences

    with db.exact_snapshot() as session:
        counts = count_by_state(session)
        found = open_differences(session, limit=_LISTED)
    for one in found:
        say(
            f"{one.kind.code}: {one.day} {one.movement.category} {one.source}: {one.sentence} {one.kind.advice}"
        )
    if counts.get("differs", 0) > len(found):
        say(f"and {counts['differs'] - len(found)} more")
    if counts.get("waiting"):
        say(f"{counts['waiting']} movements are on their way, and wait to be compared")
    if counts.get("explained"):
        say(f"{counts['explained']} differences are explained")
    differs = counts.get("differs", 0)
    say(f"{differs} differences" if differs else "Stripe's statement and the book agree")
    return 1 if differs else 0


def _days(days: Sequence[date]) -> str:
    count = len(days)
    return f"{count} {'day' if count == 1 else 'days'}"
