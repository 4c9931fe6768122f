"""Who is calling, whichever way they came in: guards of pages and of the API put them here, views take them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import g, request

from azora_admin.core import clock
from azora_admin.core.errors import DomainError, Forbidden, Unauthenticated
from azora_admin.identity.rules import Action, Actor, SignedIn
from azora_admin.identity.rules.permissions import permission_for
from azora_admin.web import request_ids
from azora_admin.web.errors import MACHINE_PREFIXES

P = ParamSpec("P")
T = TypeVar("T")


class ProofNeeded(DomainError):
    """The act is dangerous, and the last sign-in too long ago."""

    def __init__(self) -> None:
        super().__init__(403, "fresh_sign_in_required", "Sign in again to do this.")


def admit(person: SignedIn) -> None:
    """Take ``person`` as the one who makes this request: a guard has checked them."""
    g.caller = person


def find_caller() -> SignedIn | None:
    """Who makes this request, or None where nobody had to say."""
    found: SignedIn | None = g.get("caller")
    return found


def caller() -> SignedIn:
    """Who makes this request. Raises Unauthenticated; behind a guard there is always somebody."""
    found = find_caller()
    if found is None:
        raise Unauthenticated
    return found


def needs(action: Action) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorates a view: its caller has to be allowed ``action`` by the table of permissions.

    Raises Forbidden, or ProofNeeded for a dangerous act without a fresh sign-in.
    """

    def guarded(view: Callable[P, T]) -> Callable[P, T]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> T:
            _check(caller(), action)
            return view(*args, **kwargs)

        checked.action = action  # type: ignore[attr-defined]  # read by the test that walks all routes
        return checked

    return guarded


def actor() -> Actor:
    """Who changes something by this request, for the audit log."""
    person = find_caller()
    return Actor(
        person_id=(person.seen_by or person.person_id) if person else None,
        name=(person.seen_by_name or person.name) if person else "",
        via="api" if request.path.startswith(MACHINE_PREFIXES) else "page",
        request_id=request_ids.current(),
        address=request.remote_addr or "",
        key_id=person.key_id if person else None,
    )


def _check(person: SignedIn, action: Action) -> None:
    if not person.may(action):
        if person.seen_by is not None:
            raise Forbidden("You are looking through somebody else's eyes: nothing can be changed.")
        raise Forbidden(f"Your role does not allow this ({action}).")
    if permission_for(action).dangerous and not person.is_proved(clock.now()):
        raise ProofNeeded
