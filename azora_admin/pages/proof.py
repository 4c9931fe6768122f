"""A fresh sign-in for whoever is signed in already, before something dangerous."""

from __future__ import annotations

from flask import Blueprint, Response, request

from azora_admin.core.errors import Invalid, Unauthenticated
from azora_admin.flows import passkeys, proving
from azora_admin.identity.rules import Action
from azora_admin.identity.rules.tries import TooManyTries
from azora_admin.web import devices, factors, guards, limits, proof
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.forms import FormError, ProofForm, refused

blueprint = Blueprint("proof", __name__, url_prefix="/sign-in")
guards.guard_enrolment(blueprint)


@blueprint.get("/again")
@needs(Action.READ_OWN)
def form() -> Response:
    """Ask for the password, and a passkey or code where the person has one."""
    return proof.show(target=guards.safe_next(request.args.get("next")), kept_path=None)


@blueprint.post("/again")
@limits.limit_failures
@needs(Action.READ_OWN)
def submit() -> Response:
    """Note the fresh sign-in and go on, or show the form again with what is wrong."""
    entered = ProofForm()
    problems = () if entered.validate() else entered.problems()
    if not problems:
        try:
            proving.with_password(
                devices.attempt(caller().email),
                actor(),
                caller(),
                password=entered.proof_password.data,
                code=entered.proof_code.data or "",
                secret_key=factors.secret_key(),
            )
        except Invalid as refusal:
            problems = tuple(FormError(one.field, one.message) for one in refusal.errors)
        except TooManyTries as refusal:
            return refused(_show_again((FormError("proof_password", refusal.detail),)), refusal)
    return _show_again(problems) if problems else _go_on()


@blueprint.post("/again/passkey/options")
@limits.limit_failures
@needs(Action.READ_OWN)
def ask() -> Response:
    """What the browser is to ask the person's passkeys."""
    person_id = caller().person_id
    return factors.asked("prove", passkeys.ask(factors.party(), "prove", person_id=person_id))


@blueprint.post("/again/passkey")
@limits.limit_failures
@needs(Action.READ_OWN)
def submit_passkey() -> Response:
    """Note the fresh sign-in by a passkey and go on."""
    try:
        answer = factors.answered("prove", request.form.get("credential", ""))
        proving.with_passkey(factors.party(), caller(), answer=answer)
    except Unauthenticated as refusal:
        return _show_again((FormError("passkey", refusal.detail),))
    return _go_on()


def _show_again(problems: tuple[FormError, ...]) -> Response:
    return proof.show(target=_target(), kept_path=_kept_path(), problems=problems, status=422)


def _go_on() -> Response:
    home = guards.home_of(caller())
    return proof.go_on(target=_target(), kept_path=_kept_path(), otherwise=home)


def _target() -> str | None:
    return guards.safe_next(request.form.get("next"))


def _kept_path() -> str | None:
    return guards.safe_next(request.form.get(proof.KEPT_PATH))
