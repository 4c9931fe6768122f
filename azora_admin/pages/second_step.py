"""The second step of a sign-in: whoever gave the right password shows what they have."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, make_response, render_template, request, url_for

from azora_admin.core import db
from azora_admin.core.errors import Unauthenticated
from azora_admin.flows import passkeys
from azora_admin.identity.actions.half_sign_ins import HalfSignInOver
from azora_admin.identity.queries.half_sign_ins import HalfSignedIn, find_half_sign_in
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.rules.tries import TooManyTries
from azora_admin.web import factors, guards, hx, limits, sessions
from azora_admin.web.forms import FormError, SecondStepForm, refused

RECOVERY: Final = "recovery"

blueprint = Blueprint("second_step", __name__, url_prefix="/sign-in")
guards.open_to_all(blueprint)


@blueprint.get("/second")
def form() -> Response:
    """Ask for a passkey or a code; ``?with=recovery`` for a recovery code."""
    half = _find_half()
    if half is None:
        return _start_again()
    return _show(half, target=guards.safe_next(request.args.get("next")), way=request.args.get("with", ""))


@blueprint.post("/second")
@limits.limit_failures
def submit() -> Response:
    """Open the session and lead on, or show the step again with what is wrong, five times in all."""
    entered = SecondStepForm()
    target, way = guards.safe_next(entered.next.data), request.form.get("with", "")
    if not entered.validate():
        return _show_again(target=target, way=way, problems=entered.problems())
    try:
        return _lead_on(sessions.open_with_code(entered.code.data), target)
    except HalfSignInOver:
        return _start_again()
    except (Unauthenticated, TooManyTries) as refusal:
        problem = FormError("code", refusal.detail)
        return refused(_show_again(target=target, way=way, problems=(problem,)), refusal)


@blueprint.post("/second/passkey/options")
@limits.limit_failures
def ask_second() -> Response:
    """What the browser is to ask the person's passkeys."""
    half = _find_half()
    if half is None:
        return make_response("", 403)  # our script loads the page again, which leads to the beginning
    return factors.asked("second", passkeys.ask(factors.party(), "second", person_id=half.person_id))


@blueprint.post("/second/passkey")
@limits.limit_failures
def second_passkey() -> Response:
    """Open the session if one of the person's passkeys answered."""
    target = guards.safe_next(request.form.get("next"))
    try:
        return _lead_on(sessions.open_with_second_passkey(request.form.get("credential", "")), target)
    except HalfSignInOver:
        return _start_again()
    except Unauthenticated as refusal:
        return _show_again(target=target, way="", problems=(FormError("passkey", refusal.detail),))


def _find_half() -> HalfSignedIn | None:
    with db.reading() as session:
        return find_half_sign_in(session, factors.half_token())


def _start_again() -> Response:
    return hx.redirect(url_for("sign_in.form", over=1))


def _show_again(*, target: str | None, way: str, problems: tuple[FormError, ...]) -> Response:
    half = _find_half()
    return _show(half, target=target, way=way, problems=problems) if half else _start_again()


def _lead_on(person: SignedIn, target: str | None) -> Response:
    return hx.redirect(target or guards.home_of(person))


def _show(
    half: HalfSignedIn, *, target: str | None, way: str, problems: tuple[FormError, ...] = ()
) -> Response:
    page = render_template(
        "sign_in/second.html",
        email=half.email,
        has_app=half.has_app,
        has_passkey=half.has_passkey and factors.has_passkeys(),
        better_place=factors.better_place(),
        by_recovery=way == RECOVERY,
        next=target or "",
        problems=problems,
    )
    return make_response(page, 422 if problems else 200)
