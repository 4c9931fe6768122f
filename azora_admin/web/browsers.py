"""What a browser calls itself, in the words of people: ``Chrome on Windows``. Tells one's own devices apart."""

from __future__ import annotations

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
_HANDHELD: Final = frozenset({"iPhone", "iPad", "Android"})


def words(user_agent: str) -> str:
    """The browser and the system, as far as they say what they are."""
    browser = _first(_BROWSERS, user_agent) or "A browser"
    system = _first(_SYSTEMS, user_agent)
    return f"{browser} on {system}" if system else browser


def icon(user_agent: str) -> str:
    """The icon of what is held in a hand, or stands on a desk."""
    return "smartphone" if _first(_SYSTEMS, user_agent) in _HANDHELD else "monitor"


def _first(table: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((word for mark, word in table if mark in text), None)
