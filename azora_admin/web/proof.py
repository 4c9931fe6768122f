"""A fresh sign-in before something dangerous: where it is asked for, and how one gets back to what one was doing.

A page is returned to by its address. A form that was sent is kept as hidden fields of the sign-in, whose good end is a
307: the browser sends it again to where it was going.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, make_response, redirect, render_template, request, url_for

from azora_admin.core import db
from azora_admin.identity.queries.passkeys import list_passkeys
from azora_admin.identity.rules import SignedIn
from azora_admin.web import callers, errors, factors, guards, hx
from azora_admin.web.callers import ProofNeeded
from azora_admin.web.forms import FormError

KEPT_PATH: Final = "kept_path"
_OWN: Final = frozenset(
    {"csrf_token", "next", "credential", "proof_username", "proof_password", "proof_code", KEPT_PATH}
)
_MOST: Final = 64 * 1024


def install(app: Flask) -> None:
    """Lead whoever needs a fresh sign-in to it, on pages; an app is told by ``fresh_sign_in_required``."""
    app.register_error_handler(ProofNeeded, _lead)


def show(
    *, target: str | None, kept_path: str | None, problems: tuple[FormError, ...] = (), status: int = 200
) -> Response:
    """The fresh sign-in; it leads back to ``target``, or sends the kept form on to ``kept_path``."""
    person = callers.caller()
    page = render_template(
        "sign_in/again.html",
        email=person.email,
        wants_code=person.has_factor,
        has_passkey=person.has_factor and _has_passkey(person),
        next=target or "",
        kept_path=kept_path or "",
        kept=_kept_fields() if kept_path else (),
        better_place=factors.better_place(),
        problems=problems,
    )
    return make_response(page, status)


def go_on(*, target: str | None, kept_path: str | None, otherwise: str) -> Response:
    """After the fresh sign-in: back to where it was asked for."""
    if kept_path:
        return make_response(redirect(kept_path, code=307))
    return hx.redirect(target or otherwise)


def _lead(error: ProofNeeded) -> Response:
    if errors.is_for_machines():
        return errors.refusal(error)
    if request.method == "POST" and not hx.asked() and _can_be_kept():
        return show(target=guards.here(), kept_path=request.full_path.removesuffix("?"), status=403)
    return hx.redirect(url_for("proof.form", next=guards.here()))


def _has_passkey(person: SignedIn) -> bool:
    with db.reading() as session:
        return factors.has_passkeys() and bool(list_passkeys(session, person.person_id))


def _can_be_kept() -> bool:
    return not request.files and (request.content_length or 0) <= _MOST


def _kept_fields() -> tuple[tuple[str, str], ...]:
    """The fields of the form that was sent. A password is not written into a page: it is asked for again."""
    return tuple(
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in _OWN and "password" not in name
    )
