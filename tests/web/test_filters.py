"""Figures, times and names as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from azora_admin.core.clock import FixedClock
from azora_admin.core.money import Money
from azora_admin.payments.rules.cards import card_text
from azora_admin.web import filters, statuses


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (0, "usd", "$0"),
        (1_000_000, "usd", "$10k"),
        (750_000, "usd", "$7.5k"),
        (200_000_000, "usd", "$2M"),
        (50, "usd", "$0.50"),
        (1_500, "usd", "$15"),
        (-250_000, "usd", "−$2.5k"),
        (10_000, "jpy", "¥10k"),
        (2_500_000, "kwd", "KWD 2.5k"),
    ],
)
def test_an_axis_names_round_amounts_shortly(amount: int, currency: str, text: str) -> None:
    assert filters.compact(Money(amount, currency)) == text


def test_a_change_carries_its_sign() -> None:
    assert filters.signed(Money(4900, "usd")) == "+$49.00"
    assert filters.signed(Money(-172, "usd")) == "−$1.72"


@pytest.mark.parametrize(
    ("basis_points", "text"),
    [(1243, "12.4%"), (0, "0.0%"), (-45, "−0.5%"), (378_550, "3,785.5%"), (7000, "70.0%")],
)
def test_basis_points_read_as_percent_with_one_decimal(basis_points: int, text: str) -> None:
    assert filters.percent(basis_points) == text


def test_the_difference_of_two_percentages_is_in_points() -> None:
    assert filters.points(-38) == "−0.4 pt"


def test_a_time_names_its_year_only_when_it_is_not_this_one(test_clock: FixedClock) -> None:
    assert filters.moment(datetime(2026, 6, 21, 18, 42, tzinfo=UTC)) == (
        '<time datetime="2026-06-21T18:42:00Z" title="21 Jun 2026, 18:42:00 UTC">21 Jun, 18:42</time>'
    )
    assert "21 Jun 2025, 18:42" in filters.moment(datetime(2025, 6, 21, 18, 42, tzinfo=UTC))


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=4, seconds=59), "4 min ago"),
        (timedelta(hours=3, minutes=50), "3 h ago"),
        (timedelta(hours=24), "30 Jun, 12:00"),
        (-timedelta(hours=2), "1 Jul, 14:00"),
    ],
)
def test_a_time_of_today_is_told_by_how_long_ago_it_was(
    test_clock: FixedClock, before: timedelta, text: str
) -> None:
    assert filters.ago_text(test_clock.now() - before) == text


def test_a_day_is_long_where_it_is_a_heading(test_clock: FixedClock) -> None:
    assert "Wednesday 1 July 2026" in filters.long_day(date(2026, 7, 1))


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Priya Raman", "PR"), ("Plato", "P"), ("Hubert Blaine von Aulendorf", "HA"), ("  ", "?")],
)
def test_initials_are_of_the_first_and_the_last_word(name: str, letters: str) -> None:
    assert filters.initials(name) == letters


@pytest.mark.parametrize(
    ("brand", "last4", "text"),
    [
        ("visa", "4242", "Visa ·· 4242"),
        ("amex", "0005", "American Express ·· 0005"),
        ("cartes_bancaires", None, "Cartes bancaires"),
        (None, None, "—"),
    ],
)
def test_a_card_is_named_as_people_know_it(brand: str | None, last4: str | None, text: str) -> None:
    assert card_text(brand, last4) == text


def test_an_id_is_cut_in_its_middle_when_it_is_long() -> None:
    assert filters.middle_cut("0123456789abcdef0123") == "01234567…cdef0123"
    assert filters.middle_cut("short") == "short"


def test_one_is_not_several() -> None:
    assert filters.plural(1, "sale", "sales") == "1 sale"
    assert filters.plural(1234, "sale", "sales") == "1,234 sales"


def test_every_status_that_a_payment_can_have_has_a_look() -> None:
    from azora_admin.payments.rules.settlement import STATUSES

    assert {*STATUSES, "unknown"} == set(statuses.PAYMENT)


def test_a_failure_is_told_in_words_or_else_in_stripes_own() -> None:
    assert statuses.payment_reason("failed", "insufficient_funds", "x") == "The card has insufficient funds."
    assert (
        statuses.payment_reason("failed", "something_new", "Stripe's own sentence.")
        == "Stripe's own sentence."
    )
    assert statuses.payment_reason("failed", None, None) == "The attempt failed; Stripe gave no reason."
    assert statuses.payment_reason("completed", None, None) is None
    assert "3-D Secure" in str(statuses.payment_reason("requires_action", None, None))


def test_what_stands_between_backticks_is_code_and_nothing_is_markup() -> None:
    assert filters.coded("Send `<b>` & `x`.") == "Send <code>&lt;b&gt;</code> &amp; <code>x</code>."
    assert filters.coded("plain") == "plain"
