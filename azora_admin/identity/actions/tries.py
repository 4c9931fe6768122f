"""Counting passwords that are tried: at an account before they are looked at, so that 100 at once are 100."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.identity.rules.tries import (
    ACCOUNT,
    ASK,
    PAIR,
    PLACE,
    PLACE_LIFE,
    Attempt,
    Patience,
    Tally,
    TooManyTries,
    ask_key,
)
from azora_admin.identity.tables import SignInTally

_LONGEST_QUIET: Final = max(PAIR.quiet, ACCOUNT.quiet, PLACE.quiet)


def count_try(session: Session, attempt: Attempt) -> None:
    """Count ``attempt`` as one in vain at its account; commit it before the password is looked at.

    Raises TooManyTries, and then nothing is counted: the transaction is to be rolled back.
    """
    now = clock.now()
    counted = dict(_counted(session, attempt, now))
    if counted.pop(attempt.place_key, None):
        _refuse_blocked(_find_blocked_until(session, attempt.place_key), now)
    _count(session, counted, now)


def count_wrong(session: Session, attempt: Attempt) -> None:
    """The password was wrong: one in vain for the place, too.

    Counted only now: a try that is under way holds up nobody else at its place, and one that never ended (its process
    died) was no guess.
    """
    now, key = clock.now(), attempt.place_key
    if key in _counted(session, attempt, now):
        _write(session, key, _locked(session, [key], now)[key].after_try(PLACE, now))


def count_ask(session: Session, address: str) -> None:
    """Count that somebody at ``address`` asked for a mail to an address that they named. Raises TooManyTries."""
    _count(session, {ask_key(address): ASK}, clock.now())


def forgive(session: Session, attempt: Attempt) -> None:
    """The password was right: this account's counts begin anew, and the place is known to it."""
    now = clock.now()
    for key in _locked(session, _counted(session, attempt, now).keys() - {attempt.place_key}, now):
        _write(session, key, Tally(0, now, now))
    session.execute(
        insert(SignInTally)
        .values(key=attempt.pair_key, failures=0, last_at=now, blocked_until=now, succeeded_at=now)
        .on_conflict_do_update(index_elements=["key"], set_={"succeeded_at": now})
    )


def forget_old(session: Session) -> None:
    """Delete the counts that say nothing any more."""
    now = clock.now()
    session.execute(
        delete(SignInTally).where(
            SignInTally.last_at < now - _LONGEST_QUIET,
            or_(SignInTally.succeeded_at.is_(None), SignInTally.succeeded_at < now - PLACE_LIFE),
        )
    )


def _count(session: Session, counted: Mapping[bytes, Patience], now: datetime) -> None:
    tallies = _locked(session, counted, now)
    _refuse_blocked(max(tally.blocked_until for tally in tallies.values()), now)
    for key, patience in counted.items():
        _write(session, key, tallies[key].after_try(patience, now))


def _refuse_blocked(until: datetime | None, now: datetime) -> None:
    if until and until > now:
        raise TooManyTries(math.ceil((until - now).total_seconds()))


def _find_blocked_until(session: Session, key: bytes) -> datetime | None:
    return session.scalar(select(SignInTally.blocked_until).where(SignInTally.key == key))


def _counted(session: Session, attempt: Attempt, now: datetime) -> Mapping[bytes, Patience]:
    """Which counts ``attempt`` belongs to: a known device or place has one of its own."""
    if attempt.device_key:
        return {attempt.device_key: PAIR}
    succeeded_at = session.scalar(select(SignInTally.succeeded_at).where(SignInTally.key == attempt.pair_key))
    if succeeded_at and now - succeeded_at < PLACE_LIFE:
        return {attempt.pair_key: PAIR}
    return {attempt.pair_key: PAIR, attempt.account_key: ACCOUNT, attempt.place_key: PLACE}


def _locked(session: Session, counted: Collection[bytes], now: datetime) -> dict[bytes, Tally]:
    """The tallies of the keys ``counted``, made if need be and locked in one order: no two wait for each other."""
    keys = sorted(counted)
    fresh = [{"key": key, "failures": 0, "last_at": now, "blocked_until": now} for key in keys]
    session.execute(insert(SignInTally).values(fresh).on_conflict_do_nothing())
    rows = session.execute(
        select(SignInTally.key, SignInTally.failures, SignInTally.last_at, SignInTally.blocked_until)
        .where(SignInTally.key.in_(keys))
        .order_by(SignInTally.key)
        .with_for_update()
    )
    return {row.key: Tally(row.failures, row.last_at, row.blocked_until) for row in rows}


def _write(session: Session, key: bytes, tally: Tally) -> None:
    session.execute(
        update(SignInTally)
        .where(SignInTally.key == key)
        .values(failures=tally.failures, last_at=tally.last_at, blocked_until=tally.blocked_until)
    )
