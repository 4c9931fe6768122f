"""Signing up."""

from __future__ import annotations

from flask import Blueprint, Response

from azora_admin.api import answers, bearer, bodies, shapes
from azora_admin.api.description import PEOPLE, Answer, describe
from azora_admin.flows.sign_up import sign_up
from azora_admin.identity.rules import SignedIn
from azora_admin.web import limits
from azora_admin.web.callers import actor
from azora_admin.web.once import kept, once


def blueprint() -> Blueprint:
    """POST /users, open to anyone."""
    users = Blueprint("users", __name__)
    bearer.open_to_all(users)

    @users.post("/users")
    @limits.limit_sign_ups
    @once
    @describe("sign_up", PEOPLE, Answer(201, shapes.Person))
    def create(body: bodies.SignUp) -> Response:
        """Sign up.

        The account is a learner's.
        """
        person = sign_up(
            actor(),
            email=body.email,
            name=body.name,
            password=body.password,
            finish=lambda session, person: kept(session, _created(person)),
        )
        return _created(person)

    return users


def _created(person: SignedIn) -> Response:
    return answers.json(answers.person(person), 201)
