"""The embedded PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import psutil
import psycopg
import pytest

from azora_admin.launch import embedded
from azora_admin.launch.problem import LaunchError


def test_it_serves_from_a_path_with_spaces_and_one_too_long_for_a_socket(run_folder: Path) -> None:
    for name in ("a home, with a comma", "x" * 100):
        folder = run_folder / name / "postgres"
        with embedded.running(folder, log=run_folder / "postgres-paths.log") as cluster:
            url = embedded.ensure_database(cluster, "azora")
            with psycopg.connect(url) as connection:
                row = connection.execute("SELECT current_database(), current_setting('fsync')").fetchone()
            assert row == ("azora", "on")


def test_it_keeps_its_data_and_leaves_no_process(run_folder: Path) -> None:
    folder = run_folder / "kept" / "postgres"
    for start in (1, 2):
        with embedded.running(folder, log=run_folder / "postgres-kept.log") as cluster:
            url = embedded.ensure_database(cluster, "azora")
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS visit (n int)")
                connection.execute("INSERT INTO visit VALUES (1)")
                assert connection.execute("SELECT count(*) FROM visit").fetchone() == (start,)
    assert not [one for one in psutil.process_iter(["cmdline"]) if str(folder) in (one.info["cmdline"] or [])]


def test_a_folder_of_another_version_is_refused_in_a_sentence(run_folder: Path) -> None:
    folder = run_folder / "old" / "postgres"
    folder.mkdir(parents=True)
    (folder / "PG_VERSION").write_text("14\n")
    with pytest.raises(LaunchError, match="was made by PostgreSQL 14, and PostgreSQL 18 is installed"):
        embedded.prepare(folder)
