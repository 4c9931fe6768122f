"""Second factors: adding and removing them, and checking what a person brings at a sign-in.

Whoever adds or removes one holds the person's row, so that counting them is safe; so does a sign-in that finds none.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from azora_admin.core.errors import Conflict, NotFound
from azora_admin.core.ids import PersonId
from azora_admin.identity.actions import factor_news
from azora_admin.identity.actions.authenticator_apps import AppSetup, keep_app, use_app_code
from azora_admin.identity.actions.copies import forget_copies
from azora_admin.identity.actions.passkeys import keep_passkey
from azora_admin.identity.actions.recovery_codes import (
    forget_recovery_codes,
    make_recovery_codes,
    use_recovery_code,
)
from azora_admin.identity.actions.signing_out import sign_out_elsewhere
from azora_admin.identity.queries.factors import list_factors
from azora_admin.identity.rules import Actor, SignedIn
from azora_admin.identity.rules.factors import (
    Factor,
    SecondFactorMissing,
    SecondFactorRequired,
    WrongCode,
    check_removal,
    check_room,
    must_have_factor,
)
from azora_admin.identity.rules.passkeys import NewPasskey
from azora_admin.identity.tables import AuthenticatorApp, Passkey, Person, RecoveryCode


def add_app(
    session: Session,
    actor: Actor,
    person: SignedIn,
    setup: AppSetup,
    *,
    name: str,
    code: str,
    secret_key: str,
) -> list[str]:
    """Keep the authenticator app whose ``code`` shows that it has the secret.

    Returns the recovery codes that come with a person's first factor, else none. Raises Invalid (field ``code``) or
    Conflict ``setup_over``, ``too_many_factors``.
    """
    had = _hold(session, person.person_id)
    check_room(len(had))
    keep_app(session, setup, person_id=person.person_id, name=name, code=code, secret_key=secret_key)
    factor_news.tell_added(session, actor, person, factor_id=setup.id, kind="app", name=name)
    return [] if had else _first(session, actor, person)


def add_passkey(session: Session, actor: Actor, person: SignedIn, new: NewPasskey, *, name: str) -> list[str]:
    """Keep a passkey. Returns recovery codes as ``add_app`` does.

    Raises Conflict ``passkey_known``, ``too_many_factors``.
    """
    had = _hold(session, person.person_id)
    check_room(len(had))
    passkey_id = keep_passkey(session, new, person_id=person.person_id, name=name)
    factor_news.tell_added(session, actor, person, factor_id=passkey_id, kind="passkey", name=name)
    return [] if had else _first(session, actor, person)


def remove_factor(
    session: Session, actor: Actor, person: SignedIn, factor_id: UUID, *, required: bool
) -> Factor:
    """Forget one of the person's factors; with the last one the recovery codes go, too. Returns what it was.

    ``required``: the installation wants a factor of some roles. Raises NotFound, or Conflict ``last_factor``.
    """
    had = _hold(session, person.person_id)
    removed = next((factor for factor in had if factor.id == factor_id), None)
    if removed is None:
        raise NotFound("factor_not_found", "There is no such factor.")
    check_removal(person, count=len(had), required=required)
    for table in (AuthenticatorApp, Passkey):
        session.execute(delete(table).where(table.id == factor_id))
    forget_copies(session, person.person_id)
    if len(had) == 1:
        forget_recovery_codes(session, person.person_id)
    factor_news.tell_removed(
        session, actor, person, factor_id=removed.id, kind=removed.kind, name=removed.name
    )
    return removed


def forget_factors(session: Session, actor: Actor, person: SignedIn) -> int:
    """For somebody who has lost them all: the password alone lets them in. Returns how many factors are gone.

    Every session ends, so that whoever has another browser open as this person gains nothing by it.
    """
    had = _hold(session, person.person_id)
    for table in (AuthenticatorApp, Passkey, RecoveryCode):
        session.execute(delete(table).where(table.person_id == person.person_id))
    forget_copies(session, person.person_id)
    for factor in had:
        factor_news.tell_removed(
            session, actor, person, factor_id=factor.id, kind=factor.kind, name=factor.name
        )
    if had:
        nowhere = replace(person, session_id=None)
        sign_out_elsewhere(session, actor, nowhere, why="All second factors were forgotten.")
    return len(had)


def renew_recovery_codes(session: Session, actor: Actor, person: SignedIn) -> list[str]:
    """New recovery codes, which make the old ones void. Raises Conflict ``no_factor`` for whoever needs none."""
    if not _hold(session, person.person_id):
        raise Conflict("no_factor", "Recovery codes stand in for a second factor: set one up first.")
    factor_news.tell_codes_made(session, actor, person)
    return make_recovery_codes(session, person.person_id)


def use_code(session: Session, actor: Actor, person: SignedIn, code: str, *, secret_key: str) -> None:
    """Take a code of the person's authenticator apps, or a recovery code. Raises WrongCode; a code is good once."""
    if use_app_code(session, person.person_id, code, secret_key=secret_key):
        return
    if not use_recovery_code(session, person.person_id, code):
        raise WrongCode
    factor_news.tell_code_used(session, actor, person)


def check(
    session: Session,
    actor: Actor,
    person: SignedIn,
    code: str | None,
    *,
    secret_key: str,
    required: bool,
) -> None:
    """For whoever signs in without pages: the password was right, and ``code`` is what they gave with it.

    Raises SecondFactorRequired, WrongCode, or SecondFactorMissing for a person who must have a factor and has none.
    """
    if not owes_factor(session, person.person_id):
        if must_have_factor(person.roles, required=required):
            raise SecondFactorMissing
        return
    if not code:
        raise SecondFactorRequired
    use_code(session, actor, person, code, secret_key=secret_key)


def owes_factor(session: Session, person_id: PersonId) -> bool:
    """Whether the person has a second factor to give. If not, none can be added before this transaction ends."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(read=True))
    return bool(list_factors(session, person_id))


def _hold(session: Session, person_id: PersonId) -> list[Factor]:
    """The person's factors, which only this transaction can change until it ends."""
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))
    return list_factors(session, person_id)


def _first(session: Session, actor: Actor, person: SignedIn) -> list[str]:
    """From now on a password alone opens nothing: what it has opened elsewhere ends."""
    sign_out_elsewhere(session, actor, person, why="A second factor was set up.")
    return make_recovery_codes(session, person.person_id)
