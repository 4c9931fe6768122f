"""A password or a code is tried: counted, looked at, forgiven if it was right.

What is wrong counts against its place, too, and only once it was looked at.

The count is committed before anything is looked at, and hashing (50 ms of one core) holds no lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from azora_admin.core import db
from azora_admin.core.errors import Unauthenticated
from azora_admin.identity.actions import passwords, tries
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.rules.factors import WrongCode
from azora_admin.identity.rules.tries import Attempt


def try_password(attempt: Attempt, password: str) -> SignedIn:
    """The person whose address and password these are.

    Raises TooManyTries (429), or Unauthenticated ``invalid_credentials``: both in the same words and about the same
    time whether or not the account exists. A hash made with parameters of an older day is made anew.
    """
    with db.transaction() as session:
        tries.count_try(session, attempt)
    try:
        with db.reading() as session:
            person = passwords.check_password(session, email=attempt.email, password=password)
            stale = passwords.find_stale_hash(session, person.person_id)
    except Unauthenticated:
        with db.transaction() as session:
            tries.count_wrong(session, attempt)
        raise
    fresh = passwords.hash_password(password) if stale else None
    with db.transaction() as session:
        tries.forgive(session, attempt)
        if stale and fresh:
            passwords.renew_hash(session, person.person_id, stale=stale, fresh=fresh)
    return person


@contextmanager
def trying_code(person: SignedIn, *, address: str) -> Iterator[Attempt]:
    """In the block a code of the person's second factor is tried; it forgives the attempt when the code was right.

    Whoever knows the password can begin any number of sign-ins: it is the account that has only so many tries. Raises
    TooManyTries.
    """
    attempt = Attempt(f"second factor of {person.person_id}", address)
    with db.transaction() as session:
        tries.count_try(session, attempt)
    try:
        yield attempt
    except WrongCode:
        with db.transaction() as session:
            tries.count_wrong(session, attempt)
        raise
