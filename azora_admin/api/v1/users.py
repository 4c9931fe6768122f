"""Signing up."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, bodies
from azora_admin.flows.sign_up import sign_up
from azora_admin.web import limits


def blueprint() -> Blueprint:
    """POST /users, open to anyone."""
    users = Blueprint("users", __name__)
    bearer.open_to_all(users)

    @users.post("/users")
    @limits.limit_sign_ups
    def create() -> Response:
        body = bodies.read(bodies.SignUp)
        person = sign_up(email=body.email, name=body.name, password=body.password)
        created = {
            "id": person.person_id,
            "email": person.email,
            "name": person.name,
            "roles": sorted(person.roles),
        }
        return answers.json(created, 201)

    return users
