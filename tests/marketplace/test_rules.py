"""What a course may be, and how its price may be shared."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from azora_admin.core.charge_limits import check_charge, largest_charge, smallest_charge
from azora_admin.core.errors import Invalid
from azora_admin.core.money import Money
from azora_admin.marketplace.rules import CourseDraft, check_course, check_shares, slug_of

GOOD: dict[str, Any] = {
    "title": "Watercolour for beginners",
    "summary": "From the first wash to a finished landscape.",
    "category": "Art",
    "level": "beginner",
    "language": "en",
    "price": Money(4900, "usd"),
}


def complaints(**changes: Any) -> list[str]:
    """The fields that a course is refused for."""
    with pytest.raises(Invalid) as refused:
        check_course(**{**GOOD, **changes})
    assert refused.value.code == "invalid_course_data"
    return [one.field for one in refused.value.errors]


def test_a_good_course_is_kept_with_its_title_tidied() -> None:
    draft = check_course(**{**GOOD, "title": "  Watercolour \n for beginners "})
    assert draft == CourseDraft(**GOOD, slug="watercolour-for-beginners")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("title", "  ab  "),
        ("title", "x" * 161),
        ("title", "Water\0colour"),
        ("summary", "x" * 2001),
        ("summary", "water\0colour"),
        ("category", ""),
        ("category", "x" * 61),
        ("category", "A\0rt"),
        ("level", "Beginner"),
        ("level", ""),
        ("language", "eng"),
        ("language", "EN"),
        ("language", "e1"),
        ("language", "en\n"),
        ("price", Money(-1, "usd")),
        ("price", Money(49, "usd")),
        ("price", Money(29, "gbp")),
        ("price", Money(100_000_000, "usd")),
        ("price", Money(1_000_000, "isk")),
        ("price", Money(1001, "kwd")),
    ],
)
def test_what_can_not_be_is_named(field: str, value: object) -> None:
    assert complaints(**{field: value}) == [field]


def test_everything_that_can_not_be_is_named_at_once() -> None:
    wrong = complaints(
        title="", summary="x" * 2001, category="", level="", language="", price=Money(-1, "usd")
    )
    assert wrong == ["title", "summary", "category", "level", "language", "price"]


@pytest.mark.parametrize(
    "price",
    [
        Money(0, "usd"),
        Money(0, "kwd"),
        Money(50, "usd"),
        Money(30, "gbp"),
        Money(99_999_999, "usd"),
        Money(999_999, "isk"),
        Money(1010, "kwd"),
    ],
)
def test_a_price_that_stripe_takes_is_kept(price: Money) -> None:
    assert check_course(**{**GOOD, "price": price}).price == price


@given(st.integers(-(10**9), 10**9), st.sampled_from(["usd", "jpy", "isk", "ugx", "kwd", "gbp"]))
def test_whatever_price_is_kept_can_be_charged(amount: int, currency: str) -> None:
    try:
        kept = check_course(**{**GOOD, "price": Money(amount, currency)}).price
    except Invalid:
        return
    assert kept.is_zero or check_charge(kept) == []
    assert kept.is_zero or smallest_charge(currency).amount <= kept.amount <= largest_charge(currency).amount


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Watercolour for Beginners", "watercolour-for-beginners"),
        ("C++ & Rust: 2nd ed.", "c-rust-2nd-ed"),
        ("Café Öffnung", "cafe-offnung"),
        ("--- a ---", "a"),
    ],
)
def test_a_title_becomes_an_address(title: str, slug: str) -> None:
    assert slug_of(title) == slug


@given(st.text(min_size=1, max_size=160))
@example("x" * 119 + " y" * 20)
@example("水彩画")
@example("!!!")
def test_every_title_has_an_address_of_plain_words(title: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug_of(title))
    assert len(slug_of(title)) <= 120


def test_titles_without_a_latin_letter_have_addresses_of_their_own() -> None:
    titles = ["水彩画", "油絵", "Живопись", "الرسم", "!!!"]
    assert len({slug_of(title) for title in titles}) == len(titles)
    assert slug_of("水彩画") == slug_of("水彩画")


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=6))
def test_shares_are_kept_exactly_when_they_leave_the_platform_nought_or_more(points: list[int]) -> None:
    shares = {f"instructor:{number}": share for number, share in enumerate(points)}
    if sum(points) <= 10_000:
        check_shares(shares)
    else:
        with pytest.raises(Invalid):
            check_shares(shares)


@pytest.mark.parametrize(
    "shares", [{}, {"instructor:a": 0}, {"instructor:a": -1}, {"instructor:a": 5, "b": 0}]
)
def test_shares_are_positive_and_there_is_one(shares: dict[str, int]) -> None:
    with pytest.raises(Invalid) as refused:
        check_shares(shares)
    assert refused.value.errors[0].field == "shares"
