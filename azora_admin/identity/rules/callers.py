"""Who is calling, and who did it: the frozen values that guards, pages and the audit log are given. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from azora_admin.core.ids import PersonId, SessionId
from azora_admin.identity.rules.permissions import Action, may_roles, permission_for
from azora_admin.identity.rules.sessions import PROOF_LIFE


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person (or a machine) with a live session, a valid token or a key.

    ``scopes``: what a key is limited to; None: all that the roles allow. ``proved_at``: when password and second
    factor were last proved in this session. ``seen_by``: a member of staff who looks through this person's eyes.
    ``has_factor``: whether the person has set up a second factor (known in a browser's session alone).
    """

    session_id: SessionId | None
    person_id: PersonId
    name: str
    email: str
    roles: frozenset[str]
    scopes: frozenset[str] | None = None
    key_id: UUID | None = None
    proved_at: datetime | None = None
    seen_by: PersonId | None = None
    seen_by_name: str = ""
    has_factor: bool = False

    def may(self, action: Action) -> bool:
        """Whether the table of permissions, the key's scopes and a look through other eyes (read only) allow it."""
        if not may_roles(self.roles, action) or (self.scopes is not None and action not in self.scopes):
            return False
        return self.seen_by is None or not permission_for(action).changes

    def is_proved(self, now: datetime) -> bool:
        """Whether the person proved to be themselves a short while ago."""
        return self.proved_at is not None and now - self.proved_at < PROOF_LIFE


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, and on which way: what the audit log keeps beside the change.

    ``person_id`` is None for a command at the machine or somebody who is not known yet (a sign-up).
    """

    person_id: PersonId | None
    name: str
    via: Literal["page", "api", "command", "job"]
    request_id: str
    address: str
    key_id: UUID | None = None

    @property
    def cause(self) -> str:
        """The actor's request as the cause of a fact in the books."""
        return f"request:{self.request_id}" if self.via in ("page", "api") else self.via

    def known_as(self, person: SignedIn) -> Actor:
        """The same request, made by somebody who has said by now who they are: a sign-in, say."""
        return replace(self, person_id=person.person_id, name=person.name)


CLOCKWORK: Final = Actor(None, "", "job", request_id="", address="")
"""The program itself, when it does by the clock what nobody asked for."""
