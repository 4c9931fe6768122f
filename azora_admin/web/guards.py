"""One blueprint, one audience: the guard stands before every route of it, so a page can't forget its permission."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request, url_for

from azora_admin.core.errors import Forbidden
from azora_admin.identity.rules import PEOPLE, STAFF, SignedIn
from azora_admin.web import callers, hx, sessions
from azora_admin.web.security import csrf

EVERYBODY: Final = PEOPLE
# Whose first page is which: the first role that a person has decides.
_HOMES: Final = (
    (STAFF, "admin.overview"),
    (frozenset({"instructor"}), "instructor.home"),
    (EVERYBODY, "account.home"),
)


def guard(blueprint: Blueprint, *, roles: frozenset[str]) -> None:
    """Let only people with one of ``roles`` pass: nobody signed in goes to sign-in, others are refused (403)."""
    blueprint.guard_roles = roles  # type: ignore[attr-defined]

    @blueprint.before_request
    def check() -> Response | None:
        person = sessions.find_person()
        if person is None:
            return hx.redirect(url_for("sign_in.form", next=_here()))
        if not person.roles & roles:
            raise Forbidden("Your role does not include this page.")
        callers.admit(person)
        _check_form()
        sessions.note_use()
        return None


def open_to_all(blueprint: Blueprint) -> None:
    """Say that anybody may use the blueprint; its forms are still checked for forgery."""
    blueprint.guard_roles = frozenset()  # type: ignore[attr-defined]
    blueprint.before_request(_check_form)


def home_of(person: SignedIn) -> str:
    """The address of the person's own first page."""
    endpoint = next(endpoint for roles, endpoint in _HOMES if person.roles & roles)
    return url_for(endpoint)


def safe_next(target: str | None) -> str | None:
    """``target`` if it is a path on this site, else None: a sign-in link must not lead elsewhere."""
    if not target or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return None
    return None if any(ord(sign) < 33 or sign == "\\" for sign in target) else target


def _check_form() -> None:
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        csrf.protect()


def _here() -> str | None:
    """Where to come back to: the page, not the fragment and not a form's target."""
    if hx.partial():
        return hx.current_path()
    return request.full_path.removesuffix("?") if request.method == "GET" else None
