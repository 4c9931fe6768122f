"""What a password may be: long enough, not what everybody chose, not what one would try first for this person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.identity.rules import common_passwords
from azora_admin.identity.rules.common_passwords import HASH_BYTES, canonical
from azora_admin.identity.rules.passwords import complaint
from tools.common_passwords import packed

LENA = ("lena.maier@academy.example", "Lena Süß-Maier")


def code(password: str, about: tuple[str, ...] = LENA) -> str | None:
    found = complaint(password, about=about)
    return found.code if found else None


@pytest.mark.parametrize(
    "password",
    [
        "qwertyuiop",
        "1q2w3e4r5t",
        "password123",
        "P@ssw0rd123",
        "P4$$w0rd2024!",
        "iloveyou2024",
        "!!dragon2020",
        "SUNSHINE2026",
        "$unsh1ne2026",
        "2023football",
    ],
)
def test_what_many_have_chosen_is_refused_however_it_is_dressed(password: str) -> None:
    assert code(password) == "common_password"


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaaaa",
        "abababababab",
        "hunter2hunter2",
        "dragondragon",
        "0123456789ab",
        "abcdefghijklmnop",
        "zyxwvutsrqponm",
        "test1234567890",
    ],
)
def test_a_row_or_a_repetition_is_refused(password: str) -> None:
    assert code(password) == "guessable"


@pytest.mark.parametrize(
    "password",
    [
        "lena.maier@academy.example",
        "LENA.MAIER@academy.example",
        "lena.maier",
        "Lena-Maier-1",
        "L3n4M4i3r!!",
        "maier2026!!",
        "academy.example",
        "azora-demo",
        "Azora2026!!",
        "4z0r4.lena.",
    ],
)
def test_what_leans_on_the_person_or_on_us_is_refused(password: str) -> None:
    assert code(password) == "guessable"


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "correct horse 9",
        "xK9#mQ2$vL",
        "lena loves old lighthouses",
        "azora is where I learn Rust",
        "Straßenbahn fährt um acht",
        "ключи под ковриком",
        "🦊🐢🐙🦉🐝🦎🐌🦔🐿🦥",
    ],
)
def test_what_nobody_would_try_is_kept(password: str) -> None:
    assert code(password) is None


@pytest.mark.parametrize(("length", "is_kept"), [(9, False), (10, True), (256, True), (257, False)])
def test_a_password_has_10_to_256_characters(length: int, is_kept: bool) -> None:
    password = "".join(chr(0x4E00 + number * 7) for number in range(length))
    assert code(password) == (None if is_kept else "invalid_length")


def test_the_complaint_names_the_field_it_is_asked_for() -> None:
    found = complaint("short", field="new_password")
    assert found is not None
    assert found.field == "new_password"


@given(st.text(min_size=10, max_size=40))
def test_any_text_has_an_answer_and_always_the_same(password: str) -> None:
    assert code(password) == code(password)
    assert code(password.upper()) == code(password.upper().lower().upper())


@given(st.text(max_size=30))
def test_what_a_password_is_known_as_does_not_change_by_asking_twice(password: str) -> None:
    assert canonical(canonical(password)) == canonical(password)


def test_the_shipped_file_is_in_order_and_whole() -> None:
    for hashes in common_passwords._lists():
        held = [hashes[place] for place in range(len(hashes))]
        assert len(held) > 15_000
        assert held == sorted(set(held))
    raw = common_passwords.FILE.read_bytes()
    assert (len(raw) - common_passwords.COUNT_BYTES) % HASH_BYTES == 0
    assert len(raw) < 1_000_000


def test_the_file_holds_long_passwords_and_the_most_common_short_ones() -> None:
    raw = packed(["dragon", "Dr4gon", "correcthorse", "abcd"])
    assert int.from_bytes(raw[:4]) == 1
    assert len(raw) == 4 + 2 * HASH_BYTES
