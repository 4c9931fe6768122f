"""Every letter has its words, every text its letter, and the two fit together."""

from __future__ import annotations

import importlib
import pkgutil
import re
from dataclasses import fields
from uuid import UUID

import pytest

import azora_admin
from azora_admin.core.letters import Letter
from azora_admin.messaging import wording
from tests.architecture.source import ROOT

SITE = "https://azora.example"
NAME = re.compile(r"[a-z]+(_[a-z]+)*")


def letters() -> list[type[Letter]]:
    """Every letter that the program declares."""
    for module in pkgutil.walk_packages(azora_admin.__path__, "azora_admin."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return [kind for kind in Letter.__subclasses__() if kind.__module__.startswith("azora_admin.")]


@pytest.mark.parametrize("letter", letters(), ids=lambda letter: letter.kind)
def test_a_letter_says_all_it_knows_and_nothing_it_does_not(letter: type[Letter]) -> None:
    values = {field.name: f"the {field.name}" for field in fields(letter)}  # type: ignore[arg-type]
    said = wording.message(UUID(int=1), letter.kind, values, to="a@example.com", site=SITE)
    assert NAME.fullmatch(letter.kind)
    assert 8 <= len(said.subject) <= 78
    assert len(said.text.split("\n\n")) >= 2
    for value in values.values():
        assert value in said.text + said.subject
    links = re.findall(r"https?://\S+", said.text)
    assert [link for link in links if not link.startswith(f"{SITE}/")] == []


def test_every_text_belongs_to_a_letter() -> None:
    texts = {path.stem for path in (ROOT / "templates/emails").glob("*.txt")}
    assert texts == {letter.kind for letter in letters()}
