"""One blueprint, one audience: the guard stands before every route of it, so a page can't forget its permission.

Whoever is not known (any more), or sends a form that is too old, is led to the sign-in and back, never shown it inside
the part of a page that htmx asked for.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, request, url_for

from azora_admin.core.errors import DomainError, Forbidden, Unauthenticated
from azora_admin.identity.rules import PEOPLE, STAFF, SignedIn
from azora_admin.identity.rules.factors import must_enrol
from azora_admin.web import callers, errors, factors, forgery, hx, sessions

EVERYBODY: Final = PEOPLE
# Whose first page is which: the first role that a person has decides.
_HOMES: Final = (
    (STAFF, "admin.overview"),
    (frozenset({"instructor"}), "instructor.home"),
    (EVERYBODY, "account.home"),
)
# What an address never holds unencoded: a space, and what a browser takes for a slash.
_UNWRITTEN: Final = frozenset(" \\")
# Longer than any address of ours, shorter than what a server takes as a header.
_LONGEST_NEXT: Final = 2048


def install(app: Flask) -> None:
    """Have ``app`` lead people to the door where it would only say that they are not known."""
    app.register_error_handler(Unauthenticated, _not_known)
    app.register_error_handler(forgery.FormExpired, _expired)


def guard(blueprint: Blueprint, *, roles: frozenset[str]) -> None:
    """Let only people with one of ``roles`` pass: nobody signed in goes to sign-in, others are refused (403)."""
    blueprint.guard_roles = roles  # type: ignore[attr-defined]

    @blueprint.before_request
    def check() -> Response | None:
        return _admit(roles) or _lead_to_enrolment()


def guard_enrolment(blueprint: Blueprint) -> None:
    """Let everybody with an account pass, also those who must set up a second factor before they can go on."""
    blueprint.guard_roles = EVERYBODY  # type: ignore[attr-defined]

    @blueprint.before_request
    def check() -> Response | None:
        return _admit(EVERYBODY)


def open_to_all(blueprint: Blueprint) -> None:
    """Say that anybody may use the blueprint; its forms are still checked for forgery."""
    blueprint.guard_roles = frozenset()  # type: ignore[attr-defined]
    blueprint.before_request(forgery.check)


def home_of(person: SignedIn) -> str:
    """The address of the person's own first page."""
    endpoint = next(endpoint for roles, endpoint in _HOMES if person.roles & roles)
    return url_for(endpoint)


def safe_next(target: str | None) -> str | None:
    """``target`` if it is a path on this site, else None: a sign-in link must not lead elsewhere.

    A browser takes ``//host`` and ``/\\host`` for another site, and drops tabs and newlines before it looks.
    """
    if not target or len(target) > _LONGEST_NEXT or not target.startswith("/") or target.startswith("//"):
        return None
    return target if target.isprintable() and not _UNWRITTEN & set(target) else None


def to_sign_in() -> Response:
    """Lead to the sign-in, and back from there to the page that the person is on."""
    return hx.redirect(url_for("sign_in.form", next=here()))


def here() -> str | None:
    """Where to come back to: the page, not the fragment and not a form's target."""
    if hx.partial():
        return safe_next(hx.current_path())
    if request.method == "GET":
        return safe_next(request.full_path.removesuffix("?"))
    return safe_next(_page_of_form())


def _admit(roles: frozenset[str]) -> Response | None:
    person = sessions.find_person()
    if person is None:
        return to_sign_in()
    if not person.roles & roles:
        raise Forbidden("Your role does not include this page.")
    callers.admit(person)
    forgery.check()
    sessions.note_use()
    return None


def _lead_to_enrolment() -> Response | None:
    if must_enrol(callers.caller(), required=factors.is_required()):
        return hx.redirect(url_for("factors.choose"))
    return None


def _not_known(error: Unauthenticated) -> Response:
    return errors.refusal(error) if errors.is_for_machines() else to_sign_in()


def _expired(error: DomainError) -> Response:
    # Under htmx the page is fetched anew: the sign-in leads whoever is signed in straight back to it.
    return to_sign_in() if hx.asked() else errors.refusal(error, again=safe_next(_page_of_form()))


def _page_of_form() -> str | None:
    """The page of ours that the form was sent from, as the browser tells it."""
    try:
        page = urlsplit(request.referrer or "")
    except ValueError:
        return None
    return f"{page.path}?{page.query}".removesuffix("?") if page.netloc == request.host else None
