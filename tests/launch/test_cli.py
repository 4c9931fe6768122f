"""The command line: each command says what it does, and what goes wrong is told in a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import psycopg
import pytest
from click.testing import CliRunner

from azora_admin.app import create_app
from azora_admin.cli import main
from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.core.db import Database
from azora_admin.identity.rules.api_keys import handle_of
from azora_admin.launch.settings_table import as_markdown, as_text
from tests.audited import audited
from tests.flows import copied
from tests.gateways.redis.server import RedisServer
from tests.identity.having import add, add_app, factors_of

ROOT = Path(__file__).resolve().parents[2]


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))


@pytest.mark.parametrize("command", sorted(_commands(main)), ids=" ".join)
def test_every_command_says_what_it_does(command: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*command, "--help"])
    assert shown.exit_code == 0
    sentence = shown.output.split("\n\n")[1].strip()
    assert sentence.endswith("."), f"azora {' '.join(command)} has no sentence of its own"


def test_the_readme_has_the_table_of_settings_as_the_program_makes_it() -> None:
    assert as_markdown() in (ROOT / "README.md").read_text(encoding="utf-8"), (
        "paste: azora settings --markdown"
    )
    assert CliRunner().invoke(main, ["settings"]).output == as_text() + "\n"


def test_without_a_database_a_command_says_where_to_get_one(tmp_path: Path) -> None:
    done = _azora("verify", AZORA_HOME=str(tmp_path))
    assert done.returncode == 1
    assert f"nothing is running in {tmp_path}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_does_not_answer_is_told_in_a_sentence() -> None:
    done = _azora("migrate", AZORA_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert "Error: The database does not do its part" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_person_added_by_command_can_sign_in_once(settings: Settings, database: Database) -> None:
    added = {"AZORA_DATABASE_URL": settings.database_url, "AZORA_NEW_PASSWORD": "correct horse battery"}
    command = ("user", "add", "Ada@Example.com", "--name", "Ada", "--role", "finance")
    done = _azora(*command, **added)
    assert done.stdout == "ada@example.com can sign in now, as finance\n"
    again = _azora(*command, **added)
    assert (again.returncode, again.stderr) == (1, "Error: This e-mail address has an account already.\n")
    with psycopg.connect(settings.database_url) as connection:
        assert connection.execute("SELECT email, roles FROM person").fetchall() == [
            ("ada@example.com", ["finance"])
        ]
    (entry,) = audited()
    assert (entry.act, entry.via, entry.subject_label) == ("person.added", "command", "ada@example.com")
    assert entry.actor_name


def test_a_machine_gets_a_key_which_is_shown_once_and_can_be_ended(
    settings: Settings, database: Database
) -> None:
    def azora(*command: str) -> subprocess.CompletedProcess[str]:
        return _azora(*command, AZORA_DATABASE_URL=settings.database_url)

    address = azora("machine", "add", "Nightly export").stdout.strip()
    made = azora("key", "add", address, "--name", "Export", "--scope", "own:read", "--days", "30")
    text = made.stdout.strip()
    assert handle_of(text) in made.stderr
    assert text not in made.stderr
    listed = azora("key", "list", address).stdout
    prefix = listed.split(" ", maxsplit=1)[0]
    assert text.startswith(f"{prefix}_")
    assert text not in listed
    assert listed.rstrip().endswith("Export: own:read")
    assert azora("key", "revoke", prefix).stdout == f"{prefix} opens nothing any more\n"
    assert "revoked" in azora("key", "list", address).stdout


def test_a_key_that_can_not_be_is_refused_in_a_sentence(settings: Settings, database: Database) -> None:
    done = _azora(
        *("key", "add", "nobody@example.com", "--name", "Export", "--scope", "own:read"),
        AZORA_DATABASE_URL=settings.database_url,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: Nobody has the address nobody@example.com.")


def test_the_signing_key_is_rotated_with_an_overlap_and_replaced_at_once(
    settings: Settings, database: Database
) -> None:
    def azora(*command: str) -> subprocess.CompletedProcess[str]:
        secret = settings.secret_key.get_secret_value()
        return _azora(*command, AZORA_DATABASE_URL=settings.database_url, AZORA_SECRET_KEY=secret)

    assert azora("keys", "list").stdout == ""
    client = create_app(settings).test_client()
    (first,) = (key["kid"] for key in client.get("/.well-known/jwks.json").get_json()["keys"])
    rotated = azora("keys", "rotate", "--why", "spring")
    second = rotated.stdout.split(" ", maxsplit=1)[0]
    assert "is published and signs from" in rotated.stdout
    assert azora("keys", "rotate").stderr.startswith("Error: The next key is made already")
    lines = azora("keys", "list").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [[first, "signing"], [second, "waiting"]]
    replaced = azora("keys", "rotate", "--at-once", "--why", "a laptop was lost")
    third = replaced.stdout.split(" ", maxsplit=1)[0]
    assert "every token before it is refused here within 60 s" in replaced.stdout
    assert [line.split()[:2] for line in azora("keys", "list").stdout.splitlines()] == [[third, "signing"]]


def test_signing_keys_can_not_be_sealed_without_the_secret_key(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    done = _azora("keys", "rotate", AZORA_DATABASE_URL=settings.database_url, AZORA_HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: AZORA_SECRET_KEY must be set: signing keys are sealed with it.\n"


def test_whoever_lost_all_factors_begins_anew(settings: Settings, database: Database) -> None:
    ada = add("ada@example.com", "finance")
    add_app(ada)
    url = {"AZORA_DATABASE_URL": settings.database_url}
    done = _azora("user", "forget-factors", " Ada@example.com", **url)
    assert done.stdout == "ada@example.com had 1 second factor, and has none now\n"
    assert factors_of(ada) == []
    assert {entry.via for entry in audited("factor.removed")} == {"command"}
    unknown = _azora("user", "forget-factors", "nobody@example.com", **url)
    assert (unknown.returncode, unknown.stderr) == (1, "Error: Nobody has the address nobody@example.com.\n")


def test_what_a_command_changes_is_seen_by_the_next_page_where_sessions_are_copied(
    settings: Settings, redis_server: RedisServer, database: Database
) -> None:
    db.current().redis_url = redis_server.url
    ada = add("ada@example.com", "finance")
    add_app(ada)
    token = copied.opened(ada)
    copied.warm(token)
    url = {"AZORA_DATABASE_URL": settings.database_url, "AZORA_REDIS_URL": redis_server.url}
    assert _azora("user", "forget-factors", "ada@example.com", **url).returncode == 0
    assert copied.found(token) is None


def test_an_unknown_role_is_refused_with_the_ones_there_are(settings: Settings, database: Database) -> None:
    done = _azora(
        *("user", "add", "ada@example.com", "--name", "Ada", "--role", "queen"),
        AZORA_DATABASE_URL=settings.database_url,
        AZORA_NEW_PASSWORD="correct horse battery",
    )
    assert done.returncode == 1
    assert "Choose roles from learner" in done.stderr


def test_demo_data_is_refused_outside_the_demo(settings: Settings) -> None:
    for command in ("seed", "traffic"):
        done = _azora(command, AZORA_DATABASE_URL=settings.database_url, AZORA_MODE="live")
        assert done.returncode == 1
        assert "in demo mode only" in done.stderr


def _azora(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AZORA_", "STRIPE_"))}
    return subprocess.run(
        [sys.executable, "-m", "azora_admin.cli", *command],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
