"""A password is tried: counted, looked at, forgiven if it was right; each in a transaction of its own.

A wrong one counts against its place, too, and only once it was looked at.

The count is committed before the password is looked at, and hashing (50 ms of one core) holds no lock.
"""

from __future__ import annotations

from azora_admin.core import db
from azora_admin.core.errors import Unauthenticated
from azora_admin.identity.actions import passwords, tries
from azora_admin.identity.rules import SignedIn
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
