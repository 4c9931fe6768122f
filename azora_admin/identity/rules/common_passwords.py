"""Is a password one of the common ones? Asked of a file of hashes that ships with the program. Pure.

``common_passwords.bin`` is made by ``tools/common_passwords.py``: first passwords long enough for us, then shorter
ones, which are common words; 5 bytes of BLAKE2b each, in order, so that a question is a search of 17 steps. One
password in ten million is taken for another.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from functools import lru_cache
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("common_passwords.bin")
HASH_BYTES: Final = 5
COUNT_BYTES: Final = 4
# Letters that are put for one another, each with the one that it is read as.
_LOOKS: Final = str.maketrans("@4³3€!1|0$5+7", "aaeeeiiiosstt")


def canonical(password: str) -> str:
    """What a password is known as: ``P4$$w0rd`` and ``password`` are the same to whoever tries."""
    return password.casefold().translate(_LOOKS)


def fingerprint(password: str) -> bytes:
    """What the file holds of a password."""
    return hashlib.blake2b(canonical(password).encode(errors="replace"), digest_size=HASH_BYTES).digest()


def is_common(password: str) -> bool:
    """Whether many people have chosen ``password``, letters put for others and capitals aside."""
    return _holds(_lists()[0], fingerprint(password))


def is_common_word(word: str) -> bool:
    """Whether ``word`` is what many short passwords consist of."""
    return _holds(_lists()[1], fingerprint(word))


class Hashes:
    """The hashes of a part of the file, in order."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def __len__(self) -> int:
        return len(self._raw) // HASH_BYTES

    def __getitem__(self, place: int) -> bytes:
        if not 0 <= place < len(self):
            raise IndexError(place)
        return self._raw[place * HASH_BYTES : (place + 1) * HASH_BYTES]


def _holds(hashes: Hashes, wanted: bytes) -> bool:
    place = bisect_left(hashes, wanted)
    return place < len(hashes) and hashes[place] == wanted


@lru_cache(maxsize=1)
def _lists() -> tuple[Hashes, Hashes]:
    raw = FILE.read_bytes()
    end = COUNT_BYTES + int.from_bytes(raw[:COUNT_BYTES]) * HASH_BYTES
    return Hashes(raw[COUNT_BYTES:end]), Hashes(raw[end:])
