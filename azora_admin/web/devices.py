"""Which accounts this browser has entered before: a signed cookie, by which a person is told from whoever guesses.

It lets nobody in. Whoever has one has a count of tries of their own; see ``identity/rules/tries.py``.
"""

from __future__ import annotations

import secrets
from typing import Final

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadData, URLSafeTimedSerializer

from azora_admin.core.config import Settings
from azora_admin.identity.rules.tries import Attempt
from azora_admin.web import security

_LIFE_SECONDS: Final = 180 * 86_400
_MOST_ACCOUNTS: Final = 5
_EXTENSION: Final = "azora.devices"


def install(app: Flask, settings: Settings) -> None:
    """Send the cookie with the answer of a request that called ``remember``."""
    name = security.cookie_name("azora_device", settings)
    app.extensions[_EXTENSION] = name

    @app.after_request
    def send(response: Response) -> Response:
        if (known := g.get("devices")) is not None:
            response.set_cookie(
                name,
                _serializer().dumps(known),
                max_age=_LIFE_SECONDS,
                httponly=True,
                secure=security.cookies_are_secure(),
                samesite="Lax",
            )
        return response


def attempt(email: str) -> Attempt:
    """This request's try at the account of ``email``."""
    tried = Attempt(email, request.remote_addr or "")
    return Attempt(email, tried.address, _known().get(tried.account_key.hex()))


def remember(email: str) -> None:
    """From now on this browser has entered the account of ``email``."""
    account = Attempt(email, "").account_key.hex()
    others = {key: device for key, device in _known().items() if key != account}
    kept = list(others.items())[-(_MOST_ACCOUNTS - 1) :]
    g.devices = dict([*kept, (account, secrets.token_urlsafe(12))])


def _known() -> dict[str, str]:
    """Accounts, by their key, and this browser's name for each; those entered longest ago first."""
    sent = request.cookies.get(str(current_app.extensions[_EXTENSION]), "")
    try:
        found = _serializer().loads(sent, max_age=_LIFE_SECONDS)
    except BadData:
        return {}
    return {str(key): str(device) for key, device in found.items()} if isinstance(found, dict) else {}


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="azora devices 1")
