"""``azora machine``, ``azora key`` and ``azora keys``: accounts of programs, what they carry, and what signs tokens."""

from __future__ import annotations

import click

from azora_admin.launch.telling import sentences, settings_with_database


@click.group()
def machine() -> None:
    """Machines: accounts of programs, which have keys and no password."""


@machine.command("add")
@click.argument("name")
def add_machine(name: str) -> None:
    """Add a machine called NAME, and tell its address."""
    from azora_admin.core import db
    from azora_admin.launch import keys

    with sentences():
        db.connect(settings_with_database())
        click.echo(keys.add_machine(name).email)


@click.group()
def key() -> None:
    """API keys of machines and people."""


@key.command("add")
@click.argument("owner")
@click.option("--name", required=True, help="What the key is for.")
@click.option("--scope", "scopes", multiple=True, required=True, help="A scope; may be given several times.")
@click.option(
    "--days", type=click.IntRange(1, 3650), help="Days until it ends; without it, when it is revoked."
)
def add_key(owner: str, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a key for whoever has the address OWNER. Its text alone goes to standard output, this one time."""
    from azora_admin.core import db
    from azora_admin.launch import keys

    with sentences():
        db.connect(settings_with_database())
        made, text = keys.add_key(owner, name=name, scopes=scopes, days=days)
        click.echo(f"{made.prefix} for {owner}; it is not shown again:", err=True)
        click.echo(text)


@key.command("list")
@click.argument("owner")
def list_keys(owner: str) -> None:
    """List the keys of whoever has the address OWNER."""
    from azora_admin.core import db
    from azora_admin.launch import keys

    with sentences():
        db.connect(settings_with_database())
        for line in keys.list_keys(owner):
            click.echo(line)


@key.command("revoke")
@click.argument("prefix")
def revoke_key(prefix: str) -> None:
    """End the key whose shown part is PREFIX (azk_…), from the next call on."""
    from azora_admin.core import db
    from azora_admin.launch import keys

    with sentences():
        db.connect(settings_with_database())
        click.echo(f"{keys.revoke_key(prefix).prefix} opens nothing any more")


@click.group()
def keys() -> None:
    """Keys that sign access tokens."""


@keys.command("list")
def list_signing_keys() -> None:
    """List the keys that sign access tokens, and those that verify what they have signed."""
    from azora_admin.core import db
    from azora_admin.launch import signing

    with sentences():
        settings = settings_with_database()
        db.connect(settings)
        for line in signing.list_keys(settings):
            click.echo(line)


@keys.command("rotate")
@click.option(
    "--at-once",
    is_flag=True,
    help="For a key that others may have: the new one signs now, and every token before it is refused.",
)
@click.option("--why", default="", help="A reason, for the audit log.")
def rotate_keys(at_once: bool, why: str) -> None:
    """Make the next signing key. It is published now and signs a quarter of an hour later: nobody is signed out."""
    from azora_admin.core import db
    from azora_admin.launch import signing

    with sentences():
        settings = settings_with_database()
        db.connect(settings)
        change = signing.replace if at_once else signing.rotate
        click.echo(change(settings, why=why))
