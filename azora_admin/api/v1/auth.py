"""Access tokens for apps."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from azora_admin.api import answers, bearer, bodies, shapes
from azora_admin.api.access_tokens import AccessTokens
from azora_admin.api.description import PEOPLE, Answer, describe
from azora_admin.api.problems import INVALID_CREDENTIALS
from azora_admin.core import db
from azora_admin.flows.trying import try_password
from azora_admin.identity.actions import audit
from azora_admin.identity.rules import ACCESS_TOKEN_LIFE, Subject
from azora_admin.web import devices, limits
from azora_admin.web.callers import actor


def blueprint() -> Blueprint:
    """POST /auth/token, open to anyone."""
    auth = Blueprint("auth", __name__)
    bearer.open_to_all(auth)

    @auth.post("/auth/token")
    @limits.limit_failures
    @describe("create_token", PEOPLE, Answer(200, shapes.Token), refusals=[INVALID_CREDENTIALS])
    def token(body: bodies.Credentials) -> Response:
        """Get a token.

        It speaks for its person for 15 minutes, in every call that asks for one.
        """
        person = try_password(devices.attempt(body.email), body.password)
        with db.transaction() as session:
            audit.record(
                session,
                actor().known_as(person),
                act="person.signed_in",
                subject=Subject("person", str(person.person_id), person.email),
            )
        tokens: AccessTokens = current_app.extensions[bearer.EXTENSION]
        access = tokens.issue(person)
        seconds = int(ACCESS_TOKEN_LIFE.total_seconds())
        answer = answers.json(answers.token(access, seconds=seconds))
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return auth
