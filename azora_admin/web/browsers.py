"""What a browser or an app calls itself, in the words of people: ``Chrome on Windows``. Tells one's devices apart."""

from __future__ import annotations

import re
from typing import Final

# The first that is found decides: most browsers name others, too, to be taken for them.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)
_NAME: Final = re.compile(r"([A-Za-z][A-Za-z0-9 ._-]{0,29})/")
_HANDHELD: Final = frozenset({"iPhone", "iPad", "Android"})


def words(user_agent: str) -> str:
    """The browser or app and the system, as far as they say what they are."""
    program = _first(_BROWSERS, user_agent) or _app(user_agent)
    system = _first(_SYSTEMS, user_agent)
    return f"{program} on {system}" if system else program


def icon(user_agent: str) -> str:
    """The icon of what is held in a hand, or stands on a desk."""
    return "smartphone" if _first(_SYSTEMS, user_agent) in _HANDHELD else "monitor"


def _app(user_agent: str) -> str:
    """What is no browser says its own name first (RFC 9110, 10.1.5): ``Azora/3.1 (iPhone; …)``."""
    named = _NAME.match(user_agent)
    return named[1] if named and named[1] != "Mozilla" else "A browser"


def _first(table: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((word for mark, word in table if mark in text), None)
