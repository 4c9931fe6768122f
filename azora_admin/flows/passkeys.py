"""Asking a browser for a passkey and taking its answer. A question that was answered is over, whatever came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from azora_admin.core import db
from azora_admin.core.errors import NotFound
from azora_admin.core.ids import PersonId
from azora_admin.identity.actions import factors, passkeys
from azora_admin.identity.queries.passkeys import list_passkeys
from azora_admin.identity.rules import Actor, SignedIn
from azora_admin.identity.rules.passkeys import Purpose, creation_options, read_new, request_options
from azora_admin.identity.rules.relying_party import RelyingParty


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser is to ask its passkeys (the options of its own call), and the id to bring back."""

    id: UUID
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """A passkey's answer, as its browser wrote it."""

    question_id: UUID
    credential: str


def named(party: RelyingParty | None) -> RelyingParty:
    """Our name for passkeys. Raises NotFound ``passkeys_unavailable`` where the site has none."""
    if party is None:
        raise NotFound(
            "passkeys_unavailable", "This site has no name of its own, so passkeys can't be used here."
        )
    return party


def ask_new(party: RelyingParty | None, person: SignedIn) -> Question:
    """Ask for a new passkey of the person."""
    here = named(party)
    with db.transaction() as session:
        asked = passkeys.ask_passkey(session, "register", person_id=person.person_id)
        known = list_passkeys(session, person.person_id)
    options = creation_options(
        here,
        person_id=person.person_id,
        email=person.email,
        name=person.name,
        challenge=asked.value,
        known=known,
    )
    return Question(asked.id, options)


def ask(party: RelyingParty | None, purpose: Purpose, *, person_id: PersonId | None) -> Question:
    """Ask for a passkey of the person, or of anybody (None)."""
    here = named(party)
    with db.transaction() as session:
        asked = passkeys.ask_passkey(session, purpose, person_id=person_id)
        known = list_passkeys(session, person_id) if person_id else []
    return Question(asked.id, request_options(here, challenge=asked.value, known=known))


def add(
    party: RelyingParty | None, actor: Actor, person: SignedIn, answer: Answer, *, name: str
) -> list[str]:
    """Keep the passkey that was made. Returns the recovery codes that come with a person's first factor.

    Raises PasskeyRefused, or Conflict ``passkey_known``, ``too_many_factors``.
    """
    here = named(party)
    challenge = take(answer, "register", person_id=person.person_id)
    new = read_new(here, answer.credential, challenge=challenge)
    with db.transaction() as session:
        return factors.add_passkey(session, actor, person, new, name=name)


def take(answer: Answer, purpose: Purpose, *, person_id: PersonId | None) -> bytes:
    """The challenge that was answered, which can't be answered again. Raises PasskeyRefused."""
    with db.transaction() as session:
        return passkeys.take_challenge(session, answer.question_id, purpose, person_id=person_id)
