"""The home folder."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from azora_admin.core.config import load_settings
from azora_admin.launch import home as homes
from azora_admin.launch.problem import LaunchError


def _home(folder: Path) -> homes.Home:
    return homes.open_home(load_settings({"home": folder}))


def test_a_home_is_held_by_one_start_at_a_time(tmp_path: Path) -> None:
    home = _home(tmp_path / "home")
    with homes.held(home):
        second = homes.held(home)
        with pytest.raises(LaunchError, match=rf"running in .* already \(process {os.getpid()}\)"):
            second.__enter__()
    with homes.held(home):
        assert (home.folder / ".lock").read_text() == str(os.getpid())


def test_a_secret_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    home = _home(tmp_path / "home")
    secret = homes.kept_secret(home, "secret_key")
    assert len(secret) >= 48
    assert homes.kept_secret(home, "secret_key") == secret
    assert (home.folder / "keys" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_home_that_is_a_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(LaunchError, match=r"can't be written .* Set AZORA_HOME"):
        _home(tmp_path / "home")


def test_a_command_beside_a_running_demo_finds_it(tmp_path: Path) -> None:
    home = _home(tmp_path / "home")
    homes.keep_secret(home, "secret_key", "k" * 48)
    facts = {
        "url": "http://127.0.0.1:1",
        "mode": "demo",
        "database_url": "postgresql://there",
        "stripe_api_base": "http://s",
    }
    homes.write_run(home, {**facts, "stripe_api_key": "sk_test_1", "stripe_webhook_secret": "whsec_1"})
    with homes.held(home):
        found = homes.completed(load_settings({"home": home.folder, "stripe_api_key": "", "secret_key": ""}))
    assert (found.database_url, found.mode, found.public_url) == (
        "postgresql://there",
        "demo",
        "http://127.0.0.1:1",
    )
    assert (found.stripe_api_base, found.stripe_api_key.get_secret_value()) == ("http://s", "sk_test_1")
    assert found.secret_key.get_secret_value() == "k" * 48


def test_what_is_set_is_not_replaced_by_what_runs(tmp_path: Path) -> None:
    home = _home(tmp_path / "home")
    homes.write_run(
        home, {"database_url": "postgresql://there", "stripe_api_base": "http://s", "mode": "demo"}
    )
    chosen = load_settings(
        {"home": home.folder, "database_url": "postgresql://mine", "stripe_api_key": "sk_test_mine"}
    )
    with homes.held(home):
        found = homes.completed(chosen)
    assert (found.database_url, found.stripe_api_base, found.mode) == ("postgresql://mine", "", chosen.mode)


def test_the_children_read_exactly_the_settings_of_the_start(tmp_path: Path) -> None:
    settings = load_settings(
        {"home": tmp_path, "secret_key": "s" * 40, "port": 8123, "stripe_api_key": "sk_test_x"}
    )
    environment = homes.environment_of(settings)
    assert environment["AZORA_PORT"] == "8123"
    assert environment["AZORA_SECRET_KEY"] == "s" * 40
    assert environment["STRIPE_API_KEY"] == "sk_test_x"


def test_run_json_is_whole_or_not_there(tmp_path: Path) -> None:
    home = _home(tmp_path / "home")
    homes.write_run(home, {"pids": {"web": 1}})
    assert homes.read_run(home) == {}, "nobody holds the home: the file is of a start that was killed"
    with homes.held(home):
        assert homes.read_run(home) == {"pids": {"web": 1}}
    assert json.loads(home.run_file.read_text()) == {"pids": {"web": 1}}
    assert home.run_file.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in home.folder.iterdir() if one.name.startswith(".run")] == []
