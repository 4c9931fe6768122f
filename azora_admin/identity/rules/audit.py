"""What the audit log keeps of a change: what it is about, before and after in one canonical text, no secret. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Final
from uuid import UUID

from azora_admin.core.money import Money

LONGEST_VALUE: Final = 2000
_ACT: Final = re.compile(r"[a-z_]+(\.[a-z_]+)+")
_KIND: Final = re.compile(r"[a-z_]+")
_WORDS: Final = re.compile(r"[^a-z0-9]+")
# A field whose name has one of these in it, or one of the short ones as a word, would show what nobody may read …
_SECRET: Final = "authorization cookie credential passphrase password passwd recovery secret token".split()
_SECRET_WORDS: Final = frozenset("hash key keys otp pin seed totp".split())
# … unless its name ends by saying that it is only something about it.
_ABOUT: Final = frozenset(
    "amount at balance by count has id ids is kind kinds label name names on prefix scopes".split()
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a change is about: a kind (``person``), the id within it, and what people call it, if it is short."""

    kind: str
    id: str
    label: str = ""

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind) or not self.id:
            raise ValueError(f"not a subject of the audit log: {self.kind!r} {self.id!r}")


def check_act(act: str) -> str:
    """``act`` if it is a noun and what was done to it (``person.roles_changed``), else ValueError."""
    if not _ACT.fullmatch(act):
        raise ValueError(f"not an act of the audit log: {act!r}")
    return act


def canonical(facts: Mapping[str, object] | None) -> str | None:
    """``facts`` as the one text that is kept and hashed: JSON with sorted names, without spaces, in ASCII.

    Ids, times, money and sets become what JSON can say; a text of more than ``LONGEST_VALUE`` characters is kept by its
    beginning, length and SHA-256. Raises ValueError for a field that would tell a secret, TypeError for a float
    or anything else that has no one form.
    """
    if facts is None:
        return None
    return json.dumps(_plain_fields(facts, ""), sort_keys=True, separators=(",", ":"))


def is_secret(name: str) -> bool:
    """Whether a field of this name would tell a secret: ``password_hash`` does, ``password_changed_at`` does not."""
    lower = name.lower()
    words = [word for word in _WORDS.split(lower) if word]
    if not words or words[-1] in _ABOUT:
        return False
    return any(part in lower for part in _SECRET) or not _SECRET_WORDS.isdisjoint(words)


def _plain_fields(facts: Mapping[str, object], path: str) -> dict[str, object]:
    fields: dict[str, object] = {}
    for name, value in facts.items():
        if is_secret(name):
            raise ValueError(f"the audit log keeps no secrets: {path}{name}")
        fields[name] = _plain(value, f"{path}{name}.")
    return fields


def _plain(value: object, path: str) -> object:
    match value:
        case None | bool() | int():
            return value
        case str():
            return _shortened(value)
        case UUID() | Decimal():
            return str(value)
        case date():  # and datetime, which is one
            return value.isoformat()
        case Money():
            return {"amount_minor": value.amount, "currency": value.currency}
        case Mapping():
            return _plain_fields(value, path)
        case list() | tuple():
            return [_plain(one, path) for one in value]
        case set() | frozenset():
            return sorted((_plain(one, path) for one in value), key=json.dumps)
        case _:
            raise TypeError(
                f"{path.rstrip('.')} is a {type(value).__name__}, which the audit log can't keep exactly"
            )


def _shortened(text: str) -> str:
    if len(text) <= LONGEST_VALUE:
        return str(text)
    digest = sha256(text.encode(errors="surrogatepass")).hexdigest()
    return f"{text[:LONGEST_VALUE]}… ({len(text)} characters, SHA-256 {digest})"
