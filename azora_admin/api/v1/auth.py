"""Access tokens for apps."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from azora_admin.api import answers, bearer, bodies
from azora_admin.core import clock, db
from azora_admin.identity.actions import check_password
from azora_admin.identity.rules import ACCESS_TOKEN_LIFE
from azora_admin.identity.rules.tokens import AccessTokens
from azora_admin.web import limits


def blueprint() -> Blueprint:
    """POST /auth/token, open to anyone."""
    auth = Blueprint("auth", __name__)
    bearer.open_to_all(auth)

    @auth.post("/auth/token")
    @limits.limit_failures
    def token() -> Response:
        body = bodies.read(bodies.Credentials)
        with db.reading() as session:
            person = check_password(session, email=body.email, password=body.password)
        tokens: AccessTokens = current_app.extensions[bearer.EXTENSION]
        access = tokens.issue(person, now=clock.now(), life=ACCESS_TOKEN_LIFE)
        seconds = int(ACCESS_TOKEN_LIFE.total_seconds())
        answer = answers.json({"access_token": access, "token_type": "Bearer", "expires_in": seconds})
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return auth
