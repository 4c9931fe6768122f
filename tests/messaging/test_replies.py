"""Claims, answers, leases: one effect for each key, whoever dies on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.messaging import replies
from azora_admin.messaging.replies import LEASE, Answer, Asked, Claim, ClaimLost, InProgress, KeyReused

pytestmark = pytest.mark.usefixtures("database", "test_clock")

ASKED = Asked("person:1", "key-1", b"what was asked")
ANSWER = Answer(201, {"Location": "/here"}, b"sealed")


def claim(asked: Asked = ASKED) -> Claim | Answer:
    with db.transaction() as session:
        return replies.claim(session, asked)


def claimed(asked: Asked = ASKED) -> Claim:
    found = claim(asked)
    assert isinstance(found, Claim)
    return found


def keep(mine: Claim, answer: Answer = ANSWER) -> None:
    with db.transaction() as session:
        replies.keep(session, mine, answer)


def keep_and_fail(mine: Claim) -> None:
    with db.transaction() as session:
        replies.keep(session, mine, ANSWER)
        _ = 1 // 0


def release(mine: Claim) -> None:
    with db.transaction() as session:
        replies.release(session, mine)


def test_an_answer_is_given_again_as_it_was() -> None:
    keep(claimed())
    assert claim() == ANSWER
    assert claim() == ANSWER


def test_while_it_is_worked_on_nobody_else_may_begin() -> None:
    claimed()
    with pytest.raises(InProgress) as refused:
        claim()
    assert (refused.value.status, refused.value.code) == (409, "request_in_progress")
    assert refused.value.retry_after


@pytest.mark.parametrize("answered", [True, False])
def test_another_request_under_the_same_key_is_refused_at_any_time(*, answered: bool) -> None:
    mine = claimed()
    if answered:
        keep(mine)
    with pytest.raises(KeyReused):
        claim(replace(ASKED, fingerprint=b"something else"))


def test_another_request_is_refused_even_after_the_lease(test_clock: FixedClock) -> None:
    claimed()
    test_clock.advance(LEASE * 2)
    with pytest.raises(KeyReused):
        claim(replace(ASKED, fingerprint=b"something else"))


def test_a_key_is_its_principals_own() -> None:
    keep(claimed())
    claimed(replace(ASKED, principal="person:2"))
    claimed(replace(ASKED, key="key-2"))


def test_what_was_released_may_begin_anew_at_once_even_with_another_body() -> None:
    release(claimed())
    claimed(replace(ASKED, fingerprint=b"mended"))


def test_an_abandoned_claim_is_taken_over_after_its_lease_and_its_owner_comes_too_late(
    test_clock: FixedClock,
) -> None:
    abandoned = claimed()
    test_clock.advance(LEASE)
    with pytest.raises(InProgress):
        claim()
    test_clock.advance(timedelta(seconds=1))
    successor = claimed()
    with pytest.raises(ClaimLost):
        keep(abandoned)
    release(abandoned)
    keep(successor)
    assert claim() == ANSWER


def test_an_answer_is_neither_kept_twice_nor_released() -> None:
    mine = claimed()
    keep(mine)
    with pytest.raises(ClaimLost):
        keep(mine, replace(ANSWER, status=200))
    release(mine)
    assert claim() == ANSWER


def test_an_answer_is_there_exactly_when_its_effect_is() -> None:
    mine = claimed()

    with pytest.raises(ZeroDivisionError):
        keep_and_fail(mine)
    with pytest.raises(InProgress):
        claim()
    keep(mine)


def test_replies_are_forgotten_after_three_days(test_clock: FixedClock) -> None:
    keep(claimed())
    test_clock.advance(timedelta(days=2, hours=23))
    keep(claimed(replace(ASKED, key="younger")))
    test_clock.advance(timedelta(hours=1, seconds=1))
    with db.transaction() as session:
        assert replies.forget_old(session) == 1
    assert claim(replace(ASKED, key="younger")) == ANSWER
    claimed()
