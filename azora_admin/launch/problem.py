"""The one error of a start: a sentence for the person at the terminal."""

from __future__ import annotations


class LaunchError(Exception):
    """The start can't go on; the message says why and what to do about it."""
