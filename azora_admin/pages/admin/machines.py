"""Machines: programs with keys of their own, added and given keys by administrators."""

from __future__ import annotations

from flask import Response, flash, make_response, render_template, request, url_for
from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.errors import Conflict, Invalid, NotFound
from azora_admin.core.ids import ApiKeyId, PersonId, new_id, parse_id
from azora_admin.identity.actions.api_keys import revoke_key
from azora_admin.identity.actions.machines import add_machine
from azora_admin.identity.queries import get_person
from azora_admin.identity.queries.api_keys import list_keys
from azora_admin.identity.rules import Action, SignedIn
from azora_admin.pages.admin import blueprint
from azora_admin.pages.key_form import create_from_form, key_form, problems_with
from azora_admin.web import hx
from azora_admin.web.callers import actor, needs
from azora_admin.web.forms import FormError, problems_of
from azora_admin.web.once import kept, once


@blueprint.get("/machines/new")
@needs(Action.KEEP_MACHINES)
def people_machine_new() -> Response:
    """The form for another machine."""
    return _show_new()


@blueprint.post("/machines")
@needs(Action.KEEP_MACHINES)
@once
def people_machine_add() -> Response:
    """Add a machine and lead to its keys."""
    try:
        with db.transaction() as session:
            machine_id = add_machine(session, actor(), name=request.form.get("name", ""))
            done = hx.redirect(url_for("admin.people_keys", person_id=machine_id))
            return kept(session, done)
    except Invalid as refused:
        return _show_new(problems_of(refused))


@blueprint.get("/machines/<person_id>/keys")
@needs(Action.KEEP_MACHINES)
def people_keys(person_id: str) -> Response:
    """A machine's keys."""
    return _show_keys(PersonId(parse_id(person_id)))


@blueprint.post("/machines/<person_id>/keys")
@needs(Action.KEEP_MACHINES)
@once
def people_keys_add(person_id: str) -> Response:
    """Make a key; its text is shown by this answer and by no other."""
    machine_id = PersonId(parse_id(person_id))
    try:
        with db.transaction() as session:
            _, text = create_from_form(session, machine_id)
            return kept(session, _shown(session, _get_machine(session, machine_id), made=text))
    except (Invalid, Conflict) as refused:
        return _show_keys(machine_id, problems_with(refused))


@blueprint.post("/machines/<person_id>/keys/<key_id>/revoke")
@needs(Action.KEEP_MACHINES)
@once
def people_keys_revoke(person_id: str, key_id: str) -> Response:
    """End a key."""
    machine_id = PersonId(parse_id(person_id))
    done = hx.redirect(url_for("admin.people_keys", person_id=machine_id))
    with db.transaction() as session:
        revoke_key(session, actor(), key_id=ApiKeyId(parse_id(key_id)), owner_id=machine_id)
        kept(session, done)
    flash("The key is revoked.")
    return done


def _show_new(problems: tuple[FormError, ...] = ()) -> Response:
    page = render_template(
        "admin/machine_new.html",
        name=request.form.get("name", ""),
        problems=problems,
        once_key=str(new_id()),
    )
    return make_response(page, 422 if problems else 200)


def _show_keys(machine_id: PersonId, problems: tuple[FormError, ...] = ()) -> Response:
    with db.snapshot() as session:
        return _shown(session, _get_machine(session, machine_id), problems=problems)


def _shown(
    session: Session, machine: SignedIn, *, made: str = "", problems: tuple[FormError, ...] = ()
) -> Response:
    page = render_template(
        "admin/machine.html",
        machine=machine,
        keys=list_keys(session, machine.person_id),
        form=key_form(machine.roles, is_kept=not made),
        once_key=str(new_id()),
        made=made,
        problems=problems,
    )
    return make_response(page, 422 if problems else 201 if made else 200)


def _get_machine(session: Session, machine_id: PersonId) -> SignedIn:
    machine = get_person(session, machine_id)
    if "machine" not in machine.roles:
        raise NotFound("machine_not_found", "There is no such machine.")
    return machine
