"""Where the palette leads without asking the database: pages by their names and letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import url_for

from azora_admin.identity.rules import SignedIn
from azora_admin.web.navigation import workspaces_of


@dataclass(frozen=True, slots=True)
class Option:
    """One line of the palette."""

    icon: str
    title: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A page and the letter that follows "g" to go there."""

    letter: str
    title: str
    url: str


def pages_named(person: SignedIn, text: str) -> Sequence[Option]:
    """The pages that the person may open and whose name has a word that begins with ``text``."""
    wanted = text.lower()
    return [
        Option(link.icon, link.label, _detail(space.name, link.letter), url_for(link.endpoint))
        for space in workspaces_of(person)
        for group in space.groups
        for link in group.links
        if any(word.startswith(wanted) for word in (link.label.lower(), *link.label.lower().split()))
    ]


def letters_of(person: SignedIn) -> Sequence[Letter]:
    """The letters that lead somewhere for this person; where two pages share one, the first."""
    letters: dict[str, Letter] = {}
    for space in workspaces_of(person):
        for group in space.groups:
            for link in group.links:
                if link.letter:
                    letters.setdefault(link.letter, Letter(link.letter, link.label, url_for(link.endpoint)))
    return list(letters.values())


def letter_places_of(person: SignedIn) -> dict[str, str]:
    """The same for the script: letter → address."""
    return {one.letter: one.url for one in letters_of(person)}


def _detail(space: str, letter: str) -> str:
    return f"G then {letter.upper()}" if letter else space
