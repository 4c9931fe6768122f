"""Second factors of one's own: an authenticator app, a passkey, recovery codes.

Whoever must have a factor and has none can open these pages and no others.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for

from azora_admin.core import db
from azora_admin.core.errors import Conflict, Invalid, Unauthenticated
from azora_admin.core.ids import parse_id
from azora_admin.flows import passkeys
from azora_admin.identity.actions import authenticator_apps
from azora_admin.identity.actions import factors as acts
from azora_admin.identity.actions.authenticator_apps import AppSetup
from azora_admin.identity.queries import factors as queries
from azora_admin.identity.rules import Action
from azora_admin.identity.rules.codes import setup_address, setup_key
from azora_admin.identity.rules.factors import must_enrol
from azora_admin.identity.rules.passkeys import clean_name
from azora_admin.web import browsers, factors, guards, hx, limits, shown_once
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.forms import FormError, NewAppForm, NewPasskeyForm
from azora_admin.web.qr import qr

blueprint = Blueprint("factors", __name__, url_prefix="/account/security/factors")
guards.guard_enrolment(blueprint)

_APP_NAME: Final = "Authenticator app"


@blueprint.get("/")
@needs(Action.SECURE_OWN)
def choose() -> Response:
    """Which kind of factor it shall be; whoever has one finds it on the page of their security."""
    if caller().has_factor:
        return hx.redirect(url_for("security.home"))
    return _page("factors/choose.html", must=must_enrol(caller(), required=factors.is_required()))


@blueprint.get("/app")
@needs(Action.KEEP_FACTORS)
def new_app() -> Response:
    """Offer a secret, as a QR code and as text."""
    return _show_app(authenticator_apps.offer_app(), name="")


@blueprint.post("/app")
@limits.limit_failures
@needs(Action.KEEP_FACTORS)
def add_app() -> Response:
    """Keep the app, if its code shows that it has the secret that was offered."""
    entered, me = NewAppForm(), caller()
    setup = authenticator_apps.unseal_setup(
        entered.setup.data or "", person_id=me.person_id, secret_key=factors.secret_key()
    )
    if not entered.validate():
        return _show_app(setup, name=entered.name.data or "", problems=entered.problems())
    try:
        with db.transaction() as session:
            codes = acts.add_app(
                session,
                actor(),
                me,
                setup,
                name=clean_name(entered.name.data or "", otherwise=_APP_NAME),
                code=entered.code.data,
                secret_key=factors.secret_key(),
            )
    except Invalid as refusal:
        problems = tuple(FormError(one.field, one.message) for one in refusal.errors)
        return _show_app(setup, name=entered.name.data or "", problems=problems)
    return _added(codes, "The authenticator app is set up. Its codes are asked for from now on.")


@blueprint.get("/passkey")
@needs(Action.KEEP_FACTORS)
def new_passkey() -> Response:
    """Ask for a name; the rest is between browser and device."""
    return _show_passkey()


@blueprint.post("/passkey/options")
@needs(Action.KEEP_FACTORS)
def ask_passkey() -> Response:
    """What the browser is to make."""
    return factors.asked("register", passkeys.ask_new(factors.party(), caller()))


@blueprint.post("/passkey")
@limits.limit_failures
@needs(Action.KEEP_FACTORS)
def add_passkey() -> Response:
    """Keep the passkey that the browser made."""
    entered = NewPasskeyForm()
    if not entered.validate():
        return _show_passkey(entered.problems())
    name = clean_name(entered.name.data or "", otherwise=browsers.words(request.user_agent.string))
    try:
        answer = factors.answered("register", entered.credential.data)
        codes = passkeys.add(factors.party(), actor(), caller(), answer, name=name)
    except (Unauthenticated, Conflict) as refusal:
        return _show_passkey((FormError("passkey", refusal.detail),))
    return _added(codes, "The passkey is set up. You can sign in with it from now on.")


@blueprint.post("/<factor_id>/remove")
@needs(Action.KEEP_FACTORS)
def remove(factor_id: str) -> Response:
    """Forget a factor."""
    with db.transaction() as session:
        removed = acts.remove_factor(
            session, actor(), caller(), parse_id(factor_id), required=factors.is_required()
        )
    flash(f"“{removed.name}” was removed.")
    return hx.redirect(url_for("security.home"))


@blueprint.get("/recovery-codes")
@needs(Action.SECURE_OWN)
def recovery_codes() -> Response:
    """The codes that were just made, once; then only how many are left."""
    with db.reading() as session:
        left = queries.recovery_codes_left(session, caller().person_id)
    return _page("factors/recovery_codes.html", codes=shown_once.take("recovery_codes"), left=left)


@blueprint.post("/recovery-codes")
@needs(Action.KEEP_FACTORS)
def renew_recovery_codes() -> Response:
    """Make new codes, which void the old ones."""
    with db.transaction() as session:
        codes = acts.renew_recovery_codes(session, actor(), caller())
    shown_once.keep("recovery_codes", codes)
    return hx.redirect(url_for("factors.recovery_codes"))


def _added(codes: list[str], words: str) -> Response:
    flash(words)
    if not codes:
        return hx.redirect(url_for("security.home"))
    shown_once.keep("recovery_codes", codes)
    return hx.redirect(url_for("factors.recovery_codes"))


def _show_app(setup: AppSetup, *, name: str, problems: tuple[FormError, ...] = ()) -> Response:
    me = caller()
    address = setup_address(setup.secret, email=me.email)
    return _page(
        "factors/app.html",
        problems,
        code=qr(address, label="QR code for your authenticator app"),
        address=address,
        key=setup_key(setup.secret),
        setup=authenticator_apps.seal_setup(setup, person_id=me.person_id, secret_key=factors.secret_key()),
        name=name,
    )


def _show_passkey(problems: tuple[FormError, ...] = ()) -> Response:
    return _page(
        "factors/passkey.html",
        problems,
        is_possible=factors.has_passkeys(),
        better_place=factors.better_place(),
        suggested=browsers.words(request.user_agent.string),
    )


def _page(template: str, problems: tuple[FormError, ...] = (), **context: object) -> Response:
    return make_response(render_template(template, problems=problems, **context), 422 if problems else 200)
