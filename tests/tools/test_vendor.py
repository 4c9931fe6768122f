"""The browser libraries are laid down in exactly the versions that are pinned."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.architecture.source import ROOT
from tools import vendor


def test_every_pin_is_exact_and_installed() -> None:
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    pins = {**package["dependencies"], **package["devDependencies"]}
    assert [pin for pin in pins.values() if not re.fullmatch(r"\d+\.\d+\.\d+", pin)] == []
    vendor.check_versions()


def test_the_lock_names_no_host_and_checks_every_package() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if not entry["integrity"].startswith("sha512-")] == []


def test_everything_is_laid_down_with_its_licence() -> None:
    laid = {path.relative_to(vendor.TARGET).as_posix() for path in vendor.TARGET.rglob("*")}
    assert laid >= {name for _, name in vendor.COPIES} | {"icons.svg"}
    assert len([name for name in laid if "LICENSE" in name]) == 5


def test_an_icon_becomes_one_line_without_its_frame() -> None:
    assert vendor.inner('<svg\n  a="b"\n>\n  <path d="M0 0" />\n  <path d="M1 1" />\n</svg>') == (
        '<path d="M0 0"/><path d="M1 1"/>'
    )


def test_the_sprite_has_every_icon_and_the_mark() -> None:
    sprite = (vendor.TARGET / "icons.svg").read_text(encoding="utf-8")
    assert set(re.findall(r'<symbol id="([^"]+)"', sprite)) == {"mark", *vendor.ICONS}
    assert Path(vendor.ROOT / "static/img/mark.svg").is_file()
