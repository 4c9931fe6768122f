"""The door: sign in, sign out, the theme, and ``/``, which leads everybody to their own first page.

A refusal says the same whether the address is unknown or the password wrong.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from azora_admin.core.errors import Unauthenticated
from azora_admin.flows import passkeys
from azora_admin.identity.rules.tries import TooManyTries
from azora_admin.web import THEMES, factors, guards, hx, limits, security, sessions
from azora_admin.web.forms import FormError, SignInForm, refused

DEMO_PEOPLE: Final = tuple(
    f"{name}@demo.azora.test" for name in ("admin", "finance", "support", "instructor", "learner", "owner")
)
_A_YEAR: Final = 31_536_000

blueprint = Blueprint("sign_in", __name__)
guards.open_to_all(blueprint)


@blueprint.get("/")
def front_door() -> Response:
    """Lead to the person's own first page, or to the sign-in."""
    person = sessions.find_person()
    return hx.redirect(guards.home_of(person) if person else url_for("sign_in.form"))


@blueprint.get("/sign-in")
def form() -> Response:
    """The form; whoever is signed in already is led on."""
    person = sessions.find_person()
    target = guards.safe_next(request.args.get("next"))
    if person is not None:
        return hx.redirect(target or guards.home_of(person))
    return _show(email="", target=target, is_over="over" in request.args)


@blueprint.post("/sign-in")
@limits.limit_failures
def submit() -> Response:
    """Open a session and lead on, or show the form again with what is wrong."""
    entered = SignInForm()
    target = guards.safe_next(entered.next.data)
    email = entered.email.data or ""
    if not entered.validate():
        return _show(email=email, target=target, problems=entered.problems())
    try:
        person = sessions.open_with_password(email, entered.password.data)
    except (Unauthenticated, TooManyTries) as refusal:
        problem = FormError("email", refusal.detail)
        return refused(_show(email=email, target=target, problems=(problem,)), refusal)
    if person is None:
        return hx.redirect(url_for("second_step.form", next=target))
    return hx.redirect(target or guards.home_of(person))


@blueprint.post("/sign-in/passkey/options")
@limits.limit_failures
def ask_passkey() -> Response:
    """What the browser is to ask its passkeys; it may be anybody's."""
    return factors.asked("sign_in", passkeys.ask(factors.party(), "sign_in", person_id=None))


@blueprint.post("/sign-in/passkey")
@limits.limit_failures
def submit_passkey() -> Response:
    """Open a session for whoever's passkey answered, and lead on."""
    target = guards.safe_next(request.form.get("next"))
    try:
        person = sessions.open_with_passkey(request.form.get("credential", ""))
    except Unauthenticated as refusal:
        return _show(email="", target=target, problems=(FormError("passkey", refusal.detail),))
    return hx.redirect(target or guards.home_of(person))


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the session here and on our side."""
    sessions.end_session()
    return hx.redirect(url_for("sign_in.form"))


@blueprint.post("/theme")
def theme() -> Response:
    """Keep the chosen theme in a cookie; an empty one follows the system."""
    chosen = request.form.get("theme", "")
    response = make_response(
        redirect(guards.safe_next(request.form.get("next")) or url_for("sign_in.front_door"), code=303)
    )
    secure = security.cookies_are_secure()
    if chosen in THEMES:
        response.set_cookie("theme", chosen, max_age=_A_YEAR, samesite="Lax", secure=secure, httponly=True)
    else:
        response.delete_cookie("theme", samesite="Lax", secure=secure, httponly=True)
    return response


def _show(
    *, email: str, target: str | None, problems: tuple[FormError, ...] = (), is_over: bool = False
) -> Response:
    page = render_template(
        "sign_in/form.html",
        email=email,
        next=target or "",
        problems=problems,
        is_over=is_over,
        has_passkeys=factors.has_passkeys(),
        better_place=factors.better_place(),
        demo_people=DEMO_PEOPLE,
    )
    return make_response(page, 422 if problems else 200)
