"""Signing apps in: a password for two tokens, a refresh token for two others."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request

from azora_admin.api import answers, bearer, bodies, shapes
from azora_admin.api.access_tokens import AccessTokens
from azora_admin.api.description import TOKENS, Answer, describe
from azora_admin.api.problems import OF_REFRESH, OF_SIGN_IN
from azora_admin.flows import app_sessions
from azora_admin.flows.app_sessions import Policy
from azora_admin.identity.actions.app_sessions import Refreshed
from azora_admin.identity.rules import ACCESS_TOKEN_LIFE
from azora_admin.web import devices, factors, limits
from azora_admin.web.callers import actor


def blueprint() -> Blueprint:
    """POST /auth/token, /auth/refresh and /auth/revoke, open to anyone."""
    auth = Blueprint("auth", __name__)
    bearer.open_to_all(auth)

    @auth.post("/auth/token")
    @limits.limit_failures
    @describe("create_token", TOKENS, Answer(200, shapes.Tokens), refusals=OF_SIGN_IN)
    def token(body: bodies.Credentials) -> Response:
        """Sign an app in.

        The access token speaks for its person for 15 minutes, in every call that asks for one. The refresh token is
        good for the next pair.
        """
        return _told(
            app_sessions.sign_in(
                actor(),
                devices.attempt(body.email),
                Policy(factors.secret_key(), factors.is_required()),
                password=body.password,
                code=body.otp,
                user_agent=_agent(),
            )
        )

    @auth.post("/auth/refresh")
    @limits.limit_refreshes
    @describe("refresh_token", TOKENS, Answer(200, shapes.Tokens), refusals=OF_REFRESH)
    def refresh(body: bodies.Refresh) -> Response:
        """Get the next tokens.

        A refresh token is good once: keep the one that comes with the answer. For 30 seconds the same one may be sent
        again, by an app that asked twice at once or lost the answer, and leads to the same successor. After that it is
        taken for stolen: the app is signed out, and its person is told.
        """
        secret_key = str(current_app.secret_key)
        return _told(
            app_sessions.refresh(actor(), body.refresh_token, secret_key=secret_key, user_agent=_agent())
        )

    @auth.post("/auth/revoke")
    @limits.limit_refreshes
    @describe("revoke_token", TOKENS, Answer(204, None))
    def revoke(body: bodies.Refresh) -> Response:
        """Sign an app out.

        Any of its refresh tokens will do. A token that is none, or no more, gets the same answer (RFC 7009). Access
        tokens that were given before live on until they end, within 15 minutes.
        """
        app_sessions.sign_out(actor(), body.refresh_token)
        return answers.nothing()

    return auth


def _told(refreshed: Refreshed) -> Response:
    tokens: AccessTokens = current_app.extensions[bearer.EXTENSION]
    told = answers.tokens(
        access=tokens.issue(refreshed.person), refresh=refreshed.refresh_token, life=ACCESS_TOKEN_LIFE
    )
    answer = answers.json(told)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _agent() -> str:
    return request.user_agent.string
