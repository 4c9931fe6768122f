"""The wheel is whole: built, installed elsewhere, it migrates a database and renders a page."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from azora_admin.core.config import Settings
from tests.architecture.source import ROOT

_RENDER = """
import azora_admin, sys
from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.config import load_settings
from azora_admin.gateways.pdf import typesetting

settings = load_settings()
database = db.connect(settings)
client = create_app(settings).test_client()
page = client.get("/sign-in")
style = client.get("/static/css/azora.css")
icons = client.get("/static/vendor/icons.svg")
print(azora_admin.__file__, page.status_code, style.status_code, icons.status_code)
print("Inter" in typesetting._fonts().families(), typesetting._LAYOUTS.is_dir())
print(page.text)
style.close(); icons.close(); database.close()
"""


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, and with our dependencies but not our checkout in sight. Its folder."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    (site,) = (folder / "env").glob("lib/python3*/site-packages")
    # A path that a .pth file adds is searched, but its own .pth files (our editable install) are not read.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(folder / "env"),
        "install",
        "--no-deps",
        "--no-index",
    ]
    installed = subprocess.run([*install, str(wheel)], capture_output=True, text=True, check=False)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return folder


def test_the_wheel_carries_every_template_static_file_and_migration(wheel: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    for name in ("templates", "static", "migrations"):
        files = [
            path for path in (ROOT / name).rglob("*") if path.is_file() and "__pycache__" not in path.parts
        ]
        assert files, f"{name} is empty"
        missing = [f"azora_admin/{path.relative_to(ROOT).as_posix()}" for path in files]
        assert [path for path in missing if path not in carried] == []


def test_the_wheel_carries_nothing_of_the_developers(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"azora_admin", next(top for top in tops if top.endswith(".dist-info"))}


def test_an_installed_wheel_renders_the_sign_in_page(elsewhere: Path, settings: Settings) -> None:
    shown = _run(elsewhere, settings, [str(elsewhere / "env/bin/python"), "-c", _RENDER])
    first, fonts, page = shown.split("\n", 2)
    assert fonts == "True True", "PDFs find their layouts and Inter"
    assert first.split()[1:] == ["200", "200", "200"]
    assert str(elsewhere) in first, "the installed package must answer, not the checkout"
    assert 'name="password"' in page


def test_an_installed_wheel_migrates_a_database(elsewhere: Path, settings: Settings) -> None:
    assert "the schema is at" in _run(elsewhere, settings, [str(elsewhere / "env/bin/azora"), "migrate"])


def _run(folder: Path, settings: Settings, command: list[str]) -> str:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AZORA", "PYTHON"))
    }
    environment |= {
        "AZORA_DATABASE_URL": settings.database_url,
        "AZORA_SECRET_KEY": settings.secret_key.get_secret_value(),
        "AZORA_HOME": str(folder),
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
