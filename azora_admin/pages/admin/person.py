"""One person: their roles, and a look through their eyes."""

from __future__ import annotations

from flask import Response, flash, make_response, render_template, request, url_for

from azora_admin.core import db
from azora_admin.core.errors import DomainError, Invalid
from azora_admin.core.ids import PersonId, new_id, parse_id
from azora_admin.identity.actions.roles import StaleVersion, change_roles
from azora_admin.identity.actions.seeing import start_seeing
from azora_admin.identity.actions.signing_out import sign_out_everywhere, sign_out_of
from azora_admin.identity.rules import STAFF, Action
from azora_admin.pages.admin import blueprint
from azora_admin.reports.person_page import PersonPage, person_page
from azora_admin.web import hx
from azora_admin.web.callers import actor, caller, needs
from azora_admin.web.forms import problems_of
from azora_admin.web.navigation import ROLE_WORDS
from azora_admin.web.once import kept, once


@blueprint.get("/people/<person_id>")
@needs(Action.READ_PEOPLE)
def people_detail(person_id: str) -> Response:
    """The person's page."""
    return _show(_read(PersonId(parse_id(person_id))))


@blueprint.post("/people/<person_id>/roles")
@needs(Action.CHANGE_ROLES)
@once
def people_roles(person_id: str) -> Response:
    """Give the person exactly the roles that are ticked."""
    identity = PersonId(parse_id(person_id))
    done = hx.redirect(url_for("admin.people_detail", person_id=identity))
    try:
        with db.transaction() as session:
            change_roles(
                session,
                actor(),
                person_id=identity,
                roles=request.form.getlist("roles"),
                version=request.form.get("version", 0, type=int),
                why=request.form.get("why", ""),
            )
            kept(session, done)
    except (Invalid, StaleVersion) as refused:
        return _show(_read(identity), refused=refused, form="roles")
    flash("The roles are changed.")
    return done


@blueprint.post("/people/<person_id>/see")
@needs(Action.ACT_AS)
@once
def people_see(person_id: str) -> Response:
    """Show this browser's pages as the person sees them."""
    identity = PersonId(parse_id(person_id))
    session_id = caller().session_id
    assert session_id is not None, "a page is always asked for in a session"
    done = hx.redirect(url_for("sign_in.front_door"))
    try:
        with db.transaction() as session:
            start_seeing(
                session,
                actor(),
                session_id=session_id,
                person_id=identity,
                why=request.form.get("why", ""),
            )
            kept(session, done)
    except Invalid as refused:
        return _show(_read(identity), refused=refused, form="see")
    return done


@blueprint.post("/people/<person_id>/sessions/<place_id>/end")
@needs(Action.END_SESSIONS)
def people_sign_out(person_id: str, place_id: str) -> Response:
    """Sign the person out of one browser or app."""
    identity = PersonId(parse_id(person_id))
    with db.transaction() as session:
        sign_out_of(session, actor(), person_id=identity, place_id=parse_id(place_id))
    flash("That one is signed out.")
    return hx.redirect(url_for("admin.people_detail", person_id=identity))


@blueprint.post("/people/<person_id>/sessions/end")
@needs(Action.END_SESSIONS)
def people_sign_out_everywhere(person_id: str) -> Response:
    """Sign the person out of every browser and app."""
    identity = PersonId(parse_id(person_id))
    try:
        with db.transaction() as session:
            sign_out_everywhere(session, actor(), person_id=identity, why=request.form.get("why", ""))
    except Invalid as refused:
        return _show(_read(identity), refused=refused, form="everywhere")
    flash("The person is signed out everywhere.")
    return hx.redirect(url_for("admin.people_detail", person_id=identity))


def _read(person_id: PersonId) -> PersonPage:
    with db.snapshot() as session:
        return person_page(session, person_id)


def _show(person: PersonPage, *, refused: DomainError | None = None, form: str = "") -> Response:
    """The page; after a refusal with what was entered and what is wrong with it."""
    me = caller()
    page = render_template(
        "admin/person.html",
        person=person,
        keys={name: str(new_id()) for name in ("change", "see")},
        entered=request.form if refused else {},
        ticked=request.form.getlist("roles") if refused and form == "roles" else person.role_names,
        problems=problems_of(refused, prefix=f"{form}-") if refused else (),
        refused_form=form,
        role_choices=[(role, words) for role, words in ROLE_WORDS if role != "machine"],
        may_change_roles=me.may(Action.CHANGE_ROLES) and not person.is_machine,
        places=person.places,
        may_end_sessions=me.may(Action.END_SESSIONS),
        may_read_audit=me.may(Action.READ_AUDIT),
        may_keep_machines=me.may(Action.KEEP_MACHINES),
        may_see=me.may(Action.ACT_AS) and STAFF.isdisjoint(person.role_names) and not person.is_machine,
    )
    return make_response(page, refused.status if refused else 200)
