"""The doctor finds what is wrong, and says what to do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from azora_admin.core.config import Settings
from azora_admin.launch.doctor import examine
from azora_admin.launch.finding import Finding
from azora_admin.launch.port import any_free_port
from tests.databases import PreparedDatabase
from tests.gateways.mail.server import mail_server


@pytest.fixture
def healthy(settings: Settings, tmp_path: Path) -> Settings:
    """Settings with which nothing is wrong."""
    here = {"home": tmp_path / "home", "port": any_free_port(), "stripe_api_base": ""}
    return settings.model_copy(update={**here, "stripe_api_key": type(settings.secret_key)("")})


@pytest.fixture
def bare_database(migrated_database: PreparedDatabase) -> Iterator[str]:
    """An unmigrated database as a role sees it that may only look."""
    with psycopg.connect(migrated_database.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bare")
        connection.execute("CREATE ROLE onlooker LOGIN")
        yield migrated_database.url.replace("azora_test", "bare").replace("postgres@", "onlooker@")
        connection.execute("DROP DATABASE bare WITH (FORCE)")
        connection.execute("DROP ROLE onlooker")


def _wrong(settings: Settings) -> dict[str, str]:
    return {one.thing: one.sentence for one in examine(settings) if one.is_wrong}


def test_nothing_is_wrong_where_everything_is_there(healthy: Settings) -> None:
    assert _wrong(healthy) == {}


def test_each_thing_that_is_wrong_is_told_with_what_to_do(healthy: Settings, bare_database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        wrong = _wrong(healthy.model_copy(update={"port": port, "database_url": bare_database}))
    assert set(wrong) == {"port", "schema", "rights"}
    assert f"Port {port} is taken by process" in wrong["port"]
    assert "at nothing, and this program needs" in wrong["schema"]
    assert "Run azora migrate" in wrong["schema"]
    assert "may not make tables and triggers" in wrong["rights"]


def test_a_database_and_a_stripe_that_do_not_answer_are_told(healthy: Settings) -> None:
    silent = {"database_url": "postgresql://nobody@127.0.0.1:1/x", "stripe_api_base": "http://127.0.0.1:1"}
    wrong = _wrong(healthy.model_copy(update=silent))
    assert set(wrong) == {"database", "stripe"}
    assert "correct AZORA_DATABASE_URL" in wrong["database"]


def test_a_home_that_can_not_be_written_is_told(healthy: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "Set AZORA_HOME" in _wrong(healthy.model_copy(update={"home": tmp_path / "file"}))["home"]


def test_a_mail_server_is_greeted_and_one_that_does_not_answer_is_told(healthy: Settings) -> None:
    with mail_server() as post:
        served = healthy.model_copy(update={"smtp_url": type(healthy.smtp_url)(f"smtp+plain://{post.url}")})
        assert _wrong(served) == {}
    assert "can't be reached: ConnectionRefusedError. Check AZORA_SMTP_URL" in _wrong(served)["mail"]


def test_missing_settings_of_live_mode_are_told(healthy: Settings) -> None:
    wrong = _wrong(
        healthy.model_copy(update={"mode": "live", "stripe_webhook_secret": type(healthy.secret_key)("")})
    )
    assert "Set AZORA_SMTP_URL" in wrong["mail"]
    assert wrong["settings"].startswith("STRIPE_API_KEY and STRIPE_WEBHOOK_SECRET must be set")


def test_a_finding_is_one_line() -> None:
    assert Finding("port", "wrong", "it is taken").line() == "WRONG  port           it is taken"


def test_two_signing_secrets_are_told_as_a_roll_with_how_it_ends(healthy: Settings) -> None:
    def webhook(secret: str) -> list[tuple[str, str]]:
        secrets = type(healthy.secret_key)(secret)
        silent = {"mode": "live", "stripe_api_base": "http://127.0.0.1:1", "stripe_webhook_secret": secrets}
        findings = examine(healthy.model_copy(update=silent))
        return [(one.state, one.sentence) for one in findings if one.thing == "webhook"]

    assert [state for state, _ in webhook("whsec_one")] == ["well"]
    ((state, sentence),) = webhook("whsec_one,whsec_two")
    assert state == "noted"
    assert "take the old one out of STRIPE_WEBHOOK_SECRET" in sentence
