"""What is told of second factors that come, go or are used up: to the audit log, and to their person by mail.

A mail says of what kind a factor is and not what it is called: nobody writes to others through us.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.ids import new_id
from azora_admin.core.letters import Letter, moment_words
from azora_admin.identity.actions import audit
from azora_admin.identity.queries.factors import recovery_codes_left
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.identity.rules.factors import Kind
from azora_admin.identity.rules.letters import (
    FactorAdded,
    FactorRemoved,
    RecoveryCodesMade,
    RecoveryCodeUsed,
)
from azora_admin.messaging import mail

_WORDS: Final[dict[Kind, str]] = {"app": "an authenticator app", "passkey": "a passkey"}


def tell_added(
    session: Session, actor: Actor, person: SignedIn, *, factor_id: UUID, kind: Kind, name: str
) -> None:
    """A factor is there that was not."""
    _record(session, actor, person, "factor.added", after={"kind": kind, "name": name})
    _send(session, person, FactorAdded(_WORDS[kind], _now()), about=factor_id)


def tell_removed(
    session: Session, actor: Actor, person: SignedIn, *, factor_id: UUID, kind: Kind, name: str
) -> None:
    """A factor is gone."""
    _record(session, actor, person, "factor.removed", before={"kind": kind, "name": name})
    _send(session, person, FactorRemoved(_WORDS[kind], _now()), about=factor_id)


def tell_codes_made(session: Session, actor: Actor, person: SignedIn) -> None:
    """New recovery codes are there, and the old ones void."""
    _record(session, actor, person, "recovery_codes.made", after={})
    _send(session, person, RecoveryCodesMade(_now()), about=new_id())


def tell_code_used(session: Session, actor: Actor, person: SignedIn) -> None:
    """Somebody came in by a recovery code."""
    left = recovery_codes_left(session, person.person_id)
    _record(session, actor, person, "recovery_codes.used", after={"left": left})
    _send(session, person, RecoveryCodeUsed(str(left), _now()), about=new_id())


def _record(
    session: Session,
    actor: Actor,
    person: SignedIn,
    act: str,
    *,
    before: dict[str, object] | None = None,
    after: dict[str, object] | None = None,
) -> None:
    subject = Subject("person", str(person.person_id), person.email)
    audit.record(session, actor, act=act, subject=subject, before=before, after=after)


def _send(session: Session, person: SignedIn, letter: Letter, *, about: UUID) -> None:
    mail.enqueue(session, letter, to=person.email, key=f"{letter.kind}:{about}")


def _now() -> str:
    return moment_words(clock.now())
