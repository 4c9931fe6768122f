"""People with second factors, and what they do with them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import DomainError
from azora_admin.identity import actions, queries
from azora_admin.identity.actions import authenticator_apps, factors
from azora_admin.identity.queries.factors import list_factors, recovery_codes_left
from azora_admin.identity.rules import Actor, NewPerson, SignedIn
from azora_admin.identity.rules.codes import code_at
from azora_admin.identity.rules.factors import Factor, WrongCode
from azora_admin.identity.rules.passkeys import NewPasskey

KEY = "a secret key for tests, thirty-two characters"
ACTOR = Actor(None, "Lena", "page", "req_test", "127.0.0.1")


@cache
def password_hash() -> str:
    """One hash for everybody: hashing is slow on purpose."""
    return actions.hash_password("correct horse battery")


def add(email: str, *roles: str) -> SignedIn:
    """Somebody with these roles, signed in."""
    with db.transaction() as session:
        new = NewPerson(email, "Lena", "correct horse battery")
        person_id = actions.add_person(session, new, password_hash=password_hash(), roles=roles)
        person = queries.get_person(session, person_id)
        return actions.start_session(session, person, user_agent="", address="")[0]


def add_app(person: SignedIn, name: str = "My phone") -> tuple[authenticator_apps.AppSetup, list[str]]:
    """An app with a code that was good a minute ago, so that the present ones are still to be used."""
    setup = authenticator_apps.offer_app()
    with db.transaction() as session:
        codes = factors.add_app(
            session, ACTOR, person, setup, name=name, code=now_code(setup, -1), secret_key=KEY
        )
    return setup, codes


def add_passkey(person: SignedIn, credential_id: bytes = b"one") -> list[str]:
    """A passkey that can't answer. Returns the recovery codes that came with it."""
    new = NewPasskey(credential_id, b"key", 0, ("internal",), is_synced=True)
    with db.transaction() as session:
        return factors.add_passkey(session, ACTOR, person, new, name="My laptop")


def now_code(setup: authenticator_apps.AppSetup, later: int = 0) -> str:
    """What the app shows now, or so many half minutes later."""
    return code_at(setup.secret, int(clock.now().timestamp()) // 30 + later)


def use(person: SignedIn, code: str) -> bool:
    """Whether the code was taken."""
    try:
        with db.transaction() as session:
            factors.use_code(session, ACTOR, person, code, secret_key=KEY)
    except WrongCode:
        return False
    return True


def factors_of(person: SignedIn) -> list[Factor]:
    """What the person has."""
    with db.reading() as session:
        return list_factors(session, person.person_id)


def codes_left(person: SignedIn) -> int:
    """How many recovery codes the person has."""
    with db.reading() as session:
        return recovery_codes_left(session, person.person_id)


def at_once(count: int, act: Callable[[int], object]) -> list[object]:
    """What ``count`` threads get that do the same at the same time; a refusal is its code."""
    held = clock.now()

    def run(number: int) -> object:
        with clock.use(FixedClock(held)):
            try:
                return act(number)
            except DomainError as refused:
                return refused.code

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))
