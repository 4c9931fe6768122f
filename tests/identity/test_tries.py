"""Guessing is slow for whoever guesses, from one place or from many, and for nobody else; on the real database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Unauthenticated
from azora_admin.flows.trying import try_password
from azora_admin.identity import actions
from azora_admin.identity.actions import tries
from azora_admin.identity.rules import NewPerson
from azora_admin.identity.rules.tries import (
    ACCOUNT,
    PAIR,
    PLACE,
    Attempt,
    Patience,
    Tally,
    TooManyTries,
    network_of,
)
from azora_admin.identity.tables import Person, SignInTally

LENA, NOBODY, PASSWORD = "lena@example.com", "nobody@example.com", "correct horse battery"
HOME, DEVICE = "192.0.2.1", "the-device"
ALL_KNOWN = [PAIR, ACCOUNT, PLACE]


def count(email: str = LENA, address: str = HOME, device: str | None = None) -> int:
    """One try that is counted. Returns the seconds to wait when it is refused, else 0."""
    try:
        with db.transaction() as session:
            tries.count_try(session, Attempt(email, address, device))
    except TooManyTries as refused:
        return refused.retry_after or 0
    return 0


def fail(email: str = LENA, address: str = HOME, device: str | None = None) -> int:
    """One wrong password. Returns the seconds to wait when it was not looked at, else 0."""
    wait = count(email, address, device)
    if not wait:
        with db.transaction() as session:
            tries.count_wrong(session, Attempt(email, address, device))
    return wait


def succeed(email: str = LENA, address: str = HOME, device: str | None = None) -> None:
    assert count(email, address, device) == 0
    with db.transaction() as session:
        tries.forgive(session, Attempt(email, address, device))


def elsewhere(number: int) -> str:
    return f"198.51.{number // 250}.{number % 250 + 1}"


def hammer_from_everywhere(email: str = LENA) -> int:
    """Tries from ever other addresses until one is refused. Returns how many were not."""
    for number in range(1000):
        if count(email, elsewhere(number)):
            return number
    raise AssertionError("never refused")


@pytest.fixture
def lena(database: db.Database) -> None:
    """A person with a password whose hash was made with weaker parameters."""
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with db.transaction() as session:
        actions.add_person(session, NewPerson(LENA, "Lena", PASSWORD), password_hash=weak, roles=["learner"])


@pytest.mark.usefixtures("database")
class TestCounting:
    """What is counted, where."""

    def test_ten_tries_are_free_and_each_further_one_doubles_the_wait(self, test_clock: FixedClock) -> None:
        assert [count() for _ in range(10)] == [0] * 10
        waits = []
        for _ in range(8):
            waits.append(count())
            test_clock.advance(timedelta(seconds=waits[-1]))
            assert count() == 0
        assert waits == [30, 60, 120, 240, 480, 900, 900, 900]

    @pytest.mark.parametrize("email", [LENA, NOBODY, "no address", "", "\0", "\ud800"])
    def test_an_account_that_is_not_there_is_slowed_down_like_one_that_is(
        self, test_clock: FixedClock, email: str, lena: None
    ) -> None:
        assert [count(email) for _ in range(11)] == [0] * 10 + [30]

    def test_an_address_written_in_another_way_is_the_same_account(self, test_clock: FixedClock) -> None:
        for number in range(10):
            assert count([LENA, " LENA@Example.com ", "lena@EXAMPLE.com\n"][number % 3]) == 0
        assert count("Lena@example.COM") == 30

    def test_one_account_tried_from_everywhere_is_slowed_down_for_strangers(
        self, test_clock: FixedClock
    ) -> None:
        assert hammer_from_everywhere() == ACCOUNT.free
        assert count(LENA, elsewhere(999)) == 60
        assert count(NOBODY, elsewhere(999)) == 0

    def test_many_accounts_tried_from_one_place_are_slowed_down_together(
        self, test_clock: FixedClock
    ) -> None:
        answers = [fail(f"person{number}@example.com") for number in range(PLACE.free + 1)]
        assert answers == [0] * PLACE.free + [2]

    def test_a_place_of_ipv6_is_its_64(self, test_clock: FixedClock) -> None:
        for number in range(10):
            assert count(LENA, f"2001:db8:1:2::{number:x}") == 0
        assert count(LENA, "2001:db8:1:2:ffff::1") == 30
        assert count(LENA, "2001:db8:1:3::1") == 0

    def test_hammering_from_elsewhere_does_not_lock_out_a_known_place_or_device(
        self, test_clock: FixedClock
    ) -> None:
        succeed()
        hammer_from_everywhere()
        for number in range(1000, 1000 + PLACE.free):
            fail(f"person{number}@example.com", HOME)
        assert count("stranger@example.com", HOME) > 0
        assert count(LENA, HOME) == 0
        assert count(LENA, "203.0.113.9") > 0
        assert count(LENA, "203.0.113.9", DEVICE) == 0

    def test_a_known_device_is_slowed_down_by_its_own_tries(self, test_clock: FixedClock) -> None:
        assert [count(LENA, elsewhere(number), DEVICE) for number in range(11)] == [0] * 10 + [30]
        assert count(LENA, elsewhere(1), "another-device") == 0

    def test_a_place_is_known_for_thirty_days(self, test_clock: FixedClock) -> None:
        succeed()
        test_clock.advance(timedelta(days=29))
        hammer_from_everywhere()
        assert count(LENA, HOME) == 0
        test_clock.advance(timedelta(days=2))
        hammer_from_everywhere()
        assert count(LENA, HOME) > 0

    def test_tries_under_way_and_tries_that_never_ended_hold_up_nobody_else_at_their_place(
        self, test_clock: FixedClock
    ) -> None:
        assert {count(f"person{number}@example.com") for number in range(3 * PLACE.free)} == {0}
        for number in range(PLACE.free - 1):
            fail(f"person{number}@example.com", elsewhere(1))
        assert {count(f"other{number}@example.com", elsewhere(1)) for number in range(10)} == {0}

    def test_wrong_passwords_at_a_known_account_are_not_held_against_its_place(
        self, test_clock: FixedClock
    ) -> None:
        succeed()
        for _ in range(PLACE.free):
            test_clock.advance(timedelta(minutes=15))
            assert fail() == 0
        assert fail(NOBODY) == 0

    def test_the_right_password_in_between_does_not_free_a_place_that_sprays(
        self, test_clock: FixedClock
    ) -> None:
        succeed("mine@example.com")
        for number in range(PLACE.free):
            assert fail(f"person{number}@example.com") == 0
            succeed("mine@example.com")
        assert count("one-more@example.com") > 0

    def test_whoever_mistyped_and_then_knew_begins_anew(self, test_clock: FixedClock) -> None:
        for _ in range(9):
            count()
        succeed()
        assert [count() for _ in range(11)] == [0] * 10 + [30]

    def test_a_hundred_tries_at_once_are_a_hundred(self) -> None:
        with ThreadPoolExecutor(20) as threads:
            answers = list(threads.map(lambda _: count(), range(100)))
        assert answers.count(0) == PAIR.free

    def test_what_is_refused_is_not_counted(self, test_clock: FixedClock) -> None:
        for _ in range(10):
            count()
        assert {count() for _ in range(50)} == {30}
        test_clock.advance(timedelta(seconds=30))
        assert count() == 0

    def test_counts_that_say_nothing_any_more_are_forgotten(self, test_clock: FixedClock) -> None:
        count("nobody@example.com", elsewhere(1))
        succeed()
        test_clock.advance(timedelta(days=2))
        with db.transaction() as session:
            tries.forget_old(session)
        with db.reading() as session:
            kept = session.scalars(select(SignInTally)).one()
        assert kept.key == Attempt(LENA, HOME).pair_key


class TestPasswords:
    """The flow: counted, looked at, forgiven."""

    def test_a_hash_of_weaker_parameters_is_made_anew_when_its_person_comes_in(self, lena: None) -> None:
        before = _hash()
        assert try_password(Attempt(LENA, HOME), PASSWORD).email == LENA
        after = _hash()
        assert after != before
        assert not PasswordHasher().check_needs_rehash(after)
        try_password(Attempt(LENA, HOME), PASSWORD)
        assert _hash() == after

    def test_a_wrong_password_changes_no_hash_and_is_counted(self, lena: None) -> None:
        before = _hash()
        for email in (LENA, NOBODY):
            with pytest.raises(Unauthenticated):
                try_password(Attempt(email, HOME), "wrong password")
        assert _hash() == before
        with db.reading() as session:
            assert session.scalar(select(func.max(SignInTally.failures))) == 2  # the place's

    def test_while_one_waits_the_right_password_is_not_looked_at(self, lena: None) -> None:
        for _ in range(PAIR.free):
            count()
        with pytest.raises(TooManyTries, match="Wait 30 seconds"):
            try_password(Attempt(LENA, HOME), PASSWORD)


def _hash() -> str:
    with db.reading() as session:
        return session.scalars(select(Person.password_hash)).one()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix:", "unix:"),
    ],
)
def test_a_place_is_an_address_or_a_network(address: str, network: str) -> None:
    assert network_of(address) == network


@given(st.sampled_from(ALL_KNOWN), st.integers(0, 10**9))
def test_a_wait_never_shrinks_and_never_grows_beyond_its_longest(patience: Patience, failures: int) -> None:
    wait = patience.wait_after(failures)
    assert wait <= patience.wait_after(failures + 1) <= patience.longest
    assert (wait == timedelta()) == (failures < patience.free)


def test_after_a_quiet_time_tries_are_forgotten() -> None:
    now = clock.now()
    tired = Tally(50, now - PAIR.quiet, now)
    assert tired.after_try(PAIR, now).failures == 1
    assert Tally(50, now - PAIR.quiet + timedelta(seconds=1), now).after_try(PAIR, now).failures == 51
