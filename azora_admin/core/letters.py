"""Letters: what a mail says, before it is put into words; and a message, which is a letter in words.

A letter is a frozen dataclass of texts. Its words are in ``templates/emails/KIND.txt``: the first line is the subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import ClassVar, Final
from unicodedata import category
from uuid import UUID

from azora_admin.core.sealing import seal, unseal

_PURPOSE: Final = "mail"
# Cc, Zl and Zp would begin a new line, Cs is half a letter: none may come in with a name, say.
_UNWRITABLE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Sealed:
    """A secret that only the sent letter tells (a one-time link); the queue and its backups hold it sealed."""

    sealed_hex: str


class Letter:
    """The base of every letter. Its fields are ``str`` or ``Sealed``."""

    kind: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along; ``kind`` is its media type."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A letter in words, ready to go out. ``mail_id`` is the same however often it is sent."""

    mail_id: UUID
    to: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()


def seal_secret(secret_key: str, secret: str) -> Sealed:
    """``secret`` for a letter's field."""
    return Sealed(seal(secret_key, _PURPOSE, secret.encode()).hex())


def values_of(letter: Letter) -> dict[str, str | dict[str, str]]:
    """The letter's fields as JSON keeps them. Raises ValueError for text that could begin a new line."""
    found: dict[str, str | dict[str, str]] = {}
    for field in fields(letter):  # type: ignore[arg-type]  # every letter is a dataclass
        value = getattr(letter, field.name)
        if isinstance(value, Sealed):
            found[field.name] = {"sealed": value.sealed_hex}
        elif any(category(sign) in _UNWRITABLE for sign in value):
            raise ValueError(f"{letter.kind}: {field.name} has control characters")
        else:
            found[field.name] = value
    return found


def opened(values: Mapping[str, str | Mapping[str, str]], secret_key: str) -> dict[str, str]:
    """``values_of`` a letter with its secrets readable. Raises SealBroken when they are of another secret key."""
    return {
        name: value if isinstance(value, str) else _unsealed(value["sealed"], secret_key)
        for name, value in values.items()
    }


def one_line(text: str) -> str:
    """``text`` as a letter can hold it, whoever wrote it: whatever could begin a new line is a space."""
    return "".join(" " if category(sign) in _UNWRITABLE else sign for sign in text)


def moment_words(at: datetime) -> str:
    """``at`` (UTC) as letters write it: ``1 July 2026, 12:04 UTC``."""
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def _unsealed(sealed_hex: str, secret_key: str) -> str:
    return unseal(secret_key, _PURPOSE, bytes.fromhex(sealed_hex)).decode()
