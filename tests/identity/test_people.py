"""What an address, a name and a password may be, and how long a session lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.errors import Invalid
from azora_admin.identity.rules import check_sign_up, is_session_live, normalized_email
from azora_admin.identity.rules.passwords import complaint

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
GOOD = {"email": "lena@example.com", "name": "Lena", "password": "correct horse battery"}


def complaints(**changes: str) -> list[tuple[str, str]]:
    """The fields that a sign-up is refused for, with their codes."""
    with pytest.raises(Invalid) as refused:
        check_sign_up(**{**GOOD, **changes})
    assert refused.value.status == 422
    return [(one.field, one.code) for one in refused.value.errors]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Lena@Example.COM", "lena@example.com"),
        ("  lena@example.com\n", "lena@example.com"),
        ("lena+shop@example.com", "lena+shop@example.com"),
        ("LÉNA@example.com", "léna@example.com"),
        ("le\u0301na@example.com", "l\u00e9na@example.com"),
        ("lena@BÜCHER.example", "lena@bücher.example"),
        ("lena@xn--bcher-kva.example", "lena@bücher.example"),
        ("lena@demo.azora.test", "lena@demo.azora.test"),
    ],
)
def test_an_address_is_kept_in_one_form(typed: str, kept: str) -> None:
    assert normalized_email(typed) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "lena",
        "@example.com",
        "lena@",
        "lena@localhost",
        "lena@example..com",
        "lena@example.com, other@example.com",
        "Lena <lena@example.com>",
        '"le na"@example.com',
        "lena@[127.0.0.1]",
        "le\0na@example.com",
        "lena@example.com\0",
        "lena@exa mple.com",
        "lena@example.com\nBcc: x@example.com",
        "\ud800@example.com",
        "x" * 250 + "@example.com",
        "lena@" + "a." * 200 + "com",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert normalized_email(text) is None
    assert complaints(email=text) == [("email", "invalid_email")]


@given(st.one_of(st.text(max_size=80), st.emails(), st.builds("{}@{}".format, st.text(), st.text())))
def test_the_one_form_of_an_address_is_its_own_form_and_can_be_kept(text: str) -> None:
    kept = normalized_email(text)
    if kept is not None:
        assert normalized_email(kept) == kept
        assert kept == kept.lower().strip()
        assert "\0" not in kept
        assert kept.encode()


def test_a_good_sign_up_is_kept_with_its_name_tidied() -> None:
    checked = check_sign_up(**{**GOOD, "email": "Lena@Example.com", "name": "  Lena \t Süß\n"})
    assert (checked.email, checked.name, checked.password) == (
        "lena@example.com",
        "Lena Süß",
        GOOD["password"],
    )


@pytest.mark.parametrize("name", ["", " ", "\t\n", "x" * 121, "Le\0na", "Le\x1bna", "Le\x7fna", "Le\ud800na"])
def test_a_name_is_1_to_120_letters_without_control_characters(name: str) -> None:
    assert complaints(name=name) == [("name", "invalid_length")]


@pytest.mark.parametrize("password", ["short", "p" * 257, "longer.name", "qwertyuiop"])
def test_a_password_that_is_no_good_is_refused_with_its_reason(password: str) -> None:
    weakness = complaint(password, about=("longer.name@example.com", "Lena"))
    assert weakness is not None
    wrong = complaints(email="longer.name@example.com", password=password)
    assert wrong == [("password", weakness.code)]


def test_every_field_that_is_wrong_is_named_at_once() -> None:
    wrong = complaints(email="x", name="", password="short")
    assert [field for field, _ in wrong] == ["email", "name", "password"]


def is_live(*, idle: timedelta, left: timedelta, ended: bool = False) -> bool:
    return is_session_live(
        now=NOON, last_seen_at=NOON - idle, expires_at=NOON + left, ended_at=NOON if ended else None
    )


def test_a_session_lives_until_it_is_ended_idle_or_old() -> None:
    moment, day = timedelta(microseconds=1), timedelta(days=1)
    assert is_live(idle=timedelta(), left=day)
    assert is_live(idle=timedelta(hours=12) - moment, left=moment)
    assert not is_live(idle=timedelta(hours=12), left=day)
    assert not is_live(idle=timedelta(), left=timedelta())
    assert not is_live(idle=timedelta(), left=-moment)
    assert not is_live(idle=timedelta(), left=day, ended=True)
