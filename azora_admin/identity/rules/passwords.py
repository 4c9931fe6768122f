"""What a password may be. Pure.

Length and a list of what everybody else chose, as NIST SP 800-63B (5.1.1.2) asks for; no rules about kinds of
characters. How a password is made up, not only how it is written, decides: see ``canonical``.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from azora_admin.core.errors import FieldError
from azora_admin.identity.rules import common_passwords
from azora_admin.identity.rules.common_passwords import canonical

PASSWORD_SHORTEST: Final = 10
PASSWORD_LONGEST: Final = 256
_OURS: Final = "azora"
# What is left of a password without the words that anybody would try first has to be a password of its own.
_LEAST_LEFT: Final = 8
_SHORTEST_WORD: Final = 4
_LEAST_DIFFERENT: Final = 5
# So much before or after a common word makes it no better: sunshine2024!, 123password.
_LONGEST_TRIMMING: Final = 6


def complaint(password: str, *, about: Iterable[str] = (), field: str = "password") -> FieldError | None:
    """Why ``password`` is no good, or None. ``about`` are the person's address and name."""
    if not PASSWORD_SHORTEST <= len(password) <= PASSWORD_LONGEST:
        text = f"Choose a password of {PASSWORD_SHORTEST} to {PASSWORD_LONGEST} characters."
        return FieldError(field, "invalid_length", text)
    if _is_about(password, about):
        text = "Choose a password that does not lean on your name, your e-mail address or ours."
        return FieldError(field, "guessable", text)
    if _is_monotonous(password):
        text = "Choose a password that is more than a row or a repetition of a few characters."
        return FieldError(field, "guessable", text)
    if common_passwords.is_common(password) or any(map(common_passwords.is_common_word, _cores(password))):
        text = "Many people use this password, so it is tried first. Choose another one, such as a few unrelated words."
        return FieldError(field, "common_password", text)
    return None


def _is_monotonous(password: str) -> bool:
    """Few different characters, a few over and over, or a row (``12345``, ``edcba``) and little else."""
    few = len(set(canonical(password))) < _LEAST_DIFFERENT or len(_unit(password)) < _LEAST_LEFT
    return few or len(_without_rows(password)) < _LEAST_LEFT


def _without_rows(password: str) -> str:
    """``password`` without each sign that goes on the row of the two before it, up or down."""
    signs = password.casefold()
    steps = [ord(sign) - ord(before) for before, sign in pairwise(signs)]
    return signs[:2] + "".join(
        sign
        for sign, step, last in zip(signs[2:], steps[1:], steps, strict=False)
        if not (step == last and step in (-1, 1))
    )


def _is_about(password: str, about: Iterable[str]) -> bool:
    left = canonical(password)
    for word in sorted(_words(about), key=len, reverse=True):
        left = left.replace(word, "")
    return len(left) < _LEAST_LEFT and left != canonical(password)


def _words(about: Iterable[str]) -> set[str]:
    """Whole texts, and their parts: of ``lena.maier@example.com`` also ``lena`` and ``maier``."""
    found = {_OURS}
    for text in about:
        parts = "".join(sign if sign.isalnum() else " " for sign in text).split()
        found.update((text, text.partition("@")[0], *parts))
    return {canonical(word) for word in found if len(word) >= _SHORTEST_WORD}


def _unit(password: str) -> str:
    """What ``password`` repeats; itself when it repeats nothing."""
    length = (password + password).find(password, 1)
    return password[:length]


def _cores(password: str) -> set[str]:
    """``password`` without digits and signs around it, where not too much is cut off; what a repeated one repeats."""
    around = "".join({sign for sign in password if not sign.isalpha()})
    cores = {password.rstrip(around), password.strip(around)}
    return {core for core in cores if len(password) - len(core) <= _LONGEST_TRIMMING} | {_unit(password)}
