"""The line of keys that sign access tokens, as it is kept: on the real database, and by many at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Conflict, DomainError
from azora_admin.identity.actions import signing_keys
from azora_admin.identity.queries.signing_keys import KeysFound, read_signing_keys
from azora_admin.identity.rules import CLOCKWORK
from azora_admin.identity.rules.signing_keys import (
    CLOCK_SKEW,
    OVERLAP,
    VERIFIES_FOR,
    SigningKey,
    find_signer,
    pair_bytes,
    verifying,
)
from azora_admin.identity.tables import AuditEntry, SigningKeyRow

SECRET = "a secret key of an installation, long enough"
MONTH = timedelta(days=30)
pytestmark = pytest.mark.usefixtures("database")


def found(secret_key: str = SECRET) -> KeysFound:
    with db.reading() as session:
        return read_signing_keys(session, secret_key=secret_key)


def signer() -> str | None:
    key = find_signer(found().usable, clock.now())
    return key.kid if key else None


def do(act: Callable[[Session], object]) -> None:
    with db.transaction() as session:
        act(session)


def ensure(secret_key: str = SECRET) -> None:
    do(lambda session: signing_keys.ensure_signing_key(session, CLOCKWORK, secret_key=secret_key))


def rotate() -> SigningKey:
    with db.transaction() as session:
        return signing_keys.rotate_signing_key(session, CLOCKWORK, secret_key=SECRET, why="a test")


def rotate_when_due() -> SigningKey | None:
    with db.transaction() as session:
        return signing_keys.rotate_when_due(session, CLOCKWORK, secret_key=SECRET, every=MONTH)


def forget() -> int:
    with db.transaction() as session:
        return signing_keys.forget_retired_keys(session, CLOCKWORK)


def test_of_many_who_start_at_once_one_makes_the_first_key() -> None:
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda _: ensure(), range(24)))
    (key,) = found().usable
    assert signer() == key.kid


def test_the_private_half_is_sealed_and_its_copy_in_another_row_is_none() -> None:
    ensure()
    (key,) = found().usable
    with db.reading() as session:
        row = session.scalars(select(SigningKeyRow)).one()
    assert pair_bytes(key.pair)[-100:-70] not in row.private_sealed
    do(lambda session: session.execute(text("UPDATE signing_key SET kid = 'another'")))
    assert found() == KeysFound((), frozenset({"another"}))


def test_a_key_of_another_secret_key_is_none_of_ours_and_stays() -> None:
    ensure()
    ours = found().usable
    ensure("another secret key of the same length, nearly")
    assert found().usable == ours
    assert len(found().foreign) == 1


def test_a_rotation_publishes_the_next_key_which_signs_after_the_overlap(test_clock: FixedClock) -> None:
    ensure()
    first = signer()
    following = rotate()
    assert [key.standing(test_clock.now()) for key in found().usable] == ["signing", "waiting"]
    test_clock.advance(OVERLAP - timedelta(seconds=1))
    assert signer() == first
    test_clock.advance(timedelta(seconds=1))
    assert signer() == following.kid
    assert [key.standing(test_clock.now()) for key in found().usable] == ["retired", "signing"]


def test_a_retired_key_is_forgotten_when_its_last_token_has_ended(test_clock: FixedClock) -> None:
    ensure()
    following = rotate()
    test_clock.advance(OVERLAP + VERIFIES_FOR - timedelta(seconds=1))
    assert forget() == 0
    assert len(verifying(found().usable, test_clock.now())) == 2
    test_clock.advance(timedelta(seconds=1))
    assert verifying(found().usable, test_clock.now()) == [found().usable[1]]
    assert (forget(), forget()) == (1, 0)
    assert [key.kid for key in found().usable] == [following.kid]


def test_while_a_key_waits_there_is_no_other_though_many_rotate_at_once() -> None:
    ensure()

    def one(_: int) -> str:
        try:
            rotate()
        except DomainError as refused:
            return refused.code
        return "made"

    with ThreadPoolExecutor(8) as threads:
        answers = sorted(threads.map(one, range(8)))
    assert answers == ["key_waiting"] * 7 + ["made"]
    with pytest.raises(Conflict, match="it signs from"):
        rotate()


def test_a_key_is_changed_by_the_clock_once_it_is_old_and_by_one_of_many(test_clock: FixedClock) -> None:
    ensure()
    assert rotate_when_due() is None
    test_clock.advance(MONTH)
    assert rotate_when_due() is not None
    assert rotate_when_due() is None
    test_clock.advance(MONTH)
    assert rotate_when_due() is None
    test_clock.advance(OVERLAP)
    assert rotate_when_due() is not None


def test_keys_that_others_may_have_are_replaced_at_once(test_clock: FixedClock) -> None:
    ensure()
    rotate()
    with db.transaction() as session:
        made = signing_keys.replace_signing_keys(session, CLOCKWORK, secret_key=SECRET, why="lost")
    assert [key.kid for key in found().usable] == [made.kid]
    assert signer() == made.kid


def test_a_process_whose_clock_is_behind_has_a_key_too(test_clock: FixedClock) -> None:
    ensure()
    first = signer()
    with clock.use(FixedClock(test_clock.now() - CLOCK_SKEW)):
        ensure()
        assert signer() == first
    with clock.use(FixedClock(test_clock.now() - timedelta(hours=1))):
        ensure()
        assert signer() not in (None, first)
    assert signer() not in (None, first)


def test_what_became_of_keys_is_in_the_audit_log_without_them(test_clock: FixedClock) -> None:
    ensure()
    rotate()
    test_clock.advance(OVERLAP + VERIFIES_FOR)
    forget()
    with db.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(one.act, one.via) for one in entries] == [
        ("signing_key.added", "job"),
        ("signing_key.added", "job"),
        ("signing_key.removed", "job"),
    ]
    assert entries[0].subject_id == entries[2].subject_id
    assert entries[1].why == "a test"
