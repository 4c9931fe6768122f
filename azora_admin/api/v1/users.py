"""Signing up."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, bodies
from azora_admin.flows.sign_up import sign_up
from azora_admin.identity.rules import SignedIn
from azora_admin.web import limits
from azora_admin.web.once import kept, once


def blueprint() -> Blueprint:
    """POST /users, open to anyone."""
    users = Blueprint("users", __name__)
    bearer.open_to_all(users)

    @users.post("/users")
    @limits.limit_sign_ups
    @once
    def create() -> Response:
        body = bodies.read(bodies.SignUp)
        person = sign_up(
            email=body.email,
            name=body.name,
            password=body.password,
            finish=lambda session, person: kept(session, _created(person)),
        )
        return _created(person)

    return users


def _created(person: SignedIn) -> Response:
    return answers.json(
        {
            "id": person.person_id,
            "email": person.email,
            "name": person.name,
            "roles": sorted(person.roles),
        },
        201,
    )
