"""``azora``: one command for everything that is not a page. Each command imports only what it needs."""

from __future__ import annotations

import logging
import signal
import sys
import threading

import click

from azora_admin.core.config import load_settings
from azora_admin.launch import key_commands, reconcile_command, stripe_commands
from azora_admin.launch.problem import LaunchError
from azora_admin.launch.telling import sentences, settings_with_database


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Azora admin: the monetization back office. Settings come from the environment: see `azora settings`."""


for _group in (key_commands.machine, key_commands.key, key_commands.keys, stripe_commands.stripe):
    main.add_command(_group)
main.add_command(reconcile_command.reconcile)


@main.command()
@click.option(
    "--with-parent", is_flag=True, help="End when the process that started this one ends or is interrupted."
)
def up(with_parent: bool) -> None:
    """Start everything one machine needs, in the foreground: database, sandboxes, worker and web server."""
    from azora_admin.launch.ending import Ended, Ending, EndingWithParent
    from azora_admin.launch.supervisor import up as run

    logging.basicConfig(format="%(message)s")
    with sentences():
        ending = EndingWithParent() if with_parent else Ending()
        try:
            run(load_settings(), ending, click.echo)
        except Ended:
            click.echo("ended before everything stood")


@main.command()
def web() -> None:
    """Run the web server alone, against the database of AZORA_DATABASE_URL or of a running demo."""
    from azora_admin.launch.web import serve

    with sentences():
        serve(settings_with_database())


@main.command()
def worker() -> None:
    """Run one worker alone: it does the jobs of the queue until it is told to stop."""
    from azora_admin.jobs.worker import run

    with sentences():
        run(settings_with_database())


@main.command()
def migrate() -> None:
    """Bring the database's schema to the newest version. Safe to run twice, or from two places at once."""
    from azora_admin.launch import migrations

    with sentences():
        migrations.migrate(settings_with_database().database_url)
        click.echo(f"the schema is at {migrations.newest_version()}")


@main.command()
def seed() -> None:
    """Make the demo people, courses and eight weeks of sales, unless they are there. Demo mode only."""
    from azora_admin.core import db
    from azora_admin.sandbox.catalogue import ADMIN, DEMO_PASSWORD, DEMO_PEOPLE
    from azora_admin.sandbox.seed import seed_demo

    with sentences():
        settings = settings_with_database()
        if settings.mode != "demo" or not settings.stripe_api_base:
            raise LaunchError(
                "The demo data is made in demo mode only, against Stripe's stand-in (AZORA_MODE=demo)."
            )
        db.connect(settings)
        seed_demo(settings, click.echo)
        click.echo(f"demo people, password {DEMO_PASSWORD}:")
        for person in (ADMIN, *DEMO_PEOPLE):
            click.echo(f"  {person.email:<30} {', '.join(person.roles)}")


@main.command()
@click.option("--name", help="The legal entity.")
@click.option("--address", help="Its address; a line break between lines.")
@click.option("--tax-id", help="Its tax number.")
@click.option("--email", help="Where questions go.")
def seller(name: str | None, address: str | None, tax_id: str | None, email: str | None) -> None:
    """Who sells, as receipts name them from now on: show it, or change what is given."""
    from azora_admin.core import db
    from azora_admin.launch import seller_commands

    with sentences():
        db.connect(settings_with_database())
        given = {"name": name, "address": address, "tax_id": tax_id, "email": email}
        words = seller_commands.change(**given) if any(given.values()) else seller_commands.show()
        click.echo("\n".join(part for part in (words.name, words.address, words.tax_id, words.email) if part))


@main.group()
def user() -> None:
    """People who can sign in."""


@user.command("add")
@click.argument("email")
@click.option("--name", prompt=True, help="The person's name.")
@click.option("--role", "roles", multiple=True, required=True, help="A role; may be given several times.")
@click.password_option(
    envvar="AZORA_NEW_PASSWORD", help="Asked for when not given; AZORA_NEW_PASSWORD sets it, too."
)
def add_user(email: str, name: str, roles: tuple[str, ...], password: str) -> None:
    """Add a person with EMAIL who can sign in with a password."""
    from azora_admin.core import clock, db
    from azora_admin.identity import actions
    from azora_admin.identity.actions import audit
    from azora_admin.identity.rules import Subject, check_sign_up
    from azora_admin.launch.operator import at_the_machine

    with sentences():
        db.connect(settings_with_database())
        person = check_sign_up(email=email, name=name, password=password)
        password_hash = actions.hash_password(person.password)
        with db.transaction() as session:
            person_id = actions.add_person(
                session, person, password_hash=password_hash, roles=roles, email_confirmed_at=clock.now()
            )
            audit.record(
                session,
                at_the_machine(),
                act="person.added",
                subject=Subject("person", str(person_id), person.email),
                after={"name": person.name, "email": person.email, "roles": sorted(roles)},
            )
        click.echo(f"{person.email} can sign in now, as {', '.join(roles)}")


@user.command("forget-factors")
@click.argument("email")
def forget_factors(email: str) -> None:
    """For whoever lost phone, passkeys and recovery codes: EMAIL signs in by the password alone and begins anew."""
    from azora_admin.core import db
    from azora_admin.core.errors import NotFound
    from azora_admin.identity.actions import factors
    from azora_admin.identity.queries import find_person_by_email
    from azora_admin.identity.rules import normalized_email
    from azora_admin.launch.operator import at_the_machine

    with sentences():
        db.connect(settings_with_database())
        with db.transaction() as session:
            person = find_person_by_email(session, normalized_email(email) or "")
            if person is None:
                raise NotFound("person_not_found", f"Nobody has the address {email}.")
            count = factors.forget_factors(session, at_the_machine(), person)
        click.echo(f"{person.email} had {count} second factor{'' if count == 1 else 's'}, and has none now")


@main.command()
def verify() -> None:
    """Prove the books and the audit log: each against itself, the books against the sales and Stripe.

    Exit status 1 when anything differs.
    """
    from azora_admin.core import db
    from azora_admin.launch.proving import prove

    with sentences():
        settings = settings_with_database()
        db.connect(settings)
        sys.exit(prove(settings, click.echo))


@main.group()
def events() -> None:
    """What Stripe told us."""


@events.command("retry")
def retry_events() -> None:
    """Try all parked events from the start again, once what stood in their way is gone."""
    from azora_admin.core import db
    from azora_admin.launch.operator import at_the_machine, note_retry
    from azora_admin.messaging import replays

    with sentences():
        db.connect(settings_with_database())
        with db.transaction() as session:
            found = replays.retry_parked(session, by_name=at_the_machine().name)
            note_retry(session, "stripe_event", found)
        click.echo(f"{len(found)} parked events are tried again")


@main.group()
def mail() -> None:
    """Mails that go out."""


@mail.command("retry")
def retry_mails() -> None:
    """Try all parked mails from the start again, once what stood in their way is gone."""
    from azora_admin.core import db
    from azora_admin.launch.operator import note_retry
    from azora_admin.messaging import mail as mails

    with sentences():
        db.connect(settings_with_database())
        with db.transaction() as session:
            found = mails.retry_parked(session)
            note_retry(session, "mail", found)
        click.echo(f"{len(found)} parked mails are tried again")


@main.command()
@click.option(
    "--rate", default=1.0, show_default=True, type=click.FloatRange(0.01, 1000), help="Purchases a second."
)
@click.option("--purchases", type=click.IntRange(1), help="Stop after so many; without it, at Ctrl-C.")
@click.option(
    "--buyers", default=4, show_default=True, type=click.IntRange(1, 64), help="Buyers side by side."
)
def traffic(rate: float, purchases: int | None, buyers: int) -> None:
    """Let learners buy in the running demo, through its public API, while you watch the pages."""
    from azora_admin.sandbox.traffic import Plan, run

    with sentences():
        settings = settings_with_database()
        if settings.mode != "demo" or not settings.stripe_api_base:
            raise LaunchError(
                "Traffic is made in demo mode only, where Stripe is a stand-in (AZORA_MODE=demo)."
            )
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        plan = Plan(
            settings.public_url, settings.stripe_api_base, rate=rate, purchases=purchases, buyers=buyers
        )
        run(plan, stop=stop, say=click.echo)


@main.command()
def doctor() -> None:
    """Say in plain words what is missing or wrong here, and what to do. Exit status 1 when something is."""
    from azora_admin.launch.doctor import examine

    with sentences():
        findings = examine(load_settings())
        for finding in findings:
            click.echo(finding.line())
        wrong = sum(1 for finding in findings if finding.is_wrong)
        click.echo(f"{wrong} of {len(findings)} need attention" if wrong else "all is well")
        sys.exit(1 if wrong else 0)


@main.command()
@click.option("--markdown", is_flag=True, help="As the table of the README.")
def settings(markdown: bool) -> None:
    """List every setting: its variable, what it means and what it is when not set."""
    from azora_admin.launch.settings_table import as_markdown, as_text

    click.echo(as_markdown() if markdown else as_text())


if __name__ == "__main__":
    main()
