"""People who use the pages of second factors through the client: what they see and send."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from azora_admin.core import clock
from azora_admin.identity.rules.codes import code_at
from tests.identity.devices import Device
from tests.pages import market
from tests.pages.conftest import form_token

SECURITY = "/account/security/"
APP = "/account/security/factors/app"
PASSKEY = "/account/security/factors/passkey"
RECOVERY = "/account/security/factors/recovery-codes"


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, f"no field {name} in {page}"
    return html.unescape(found[1])


def send(client: FlaskClient, path: str, page: str | None = None, **fields: str) -> TestResponse:
    """Send a form that stands on ``page`` (its address), or on any page."""
    token = form_token(client.get(page or "/sign-in/second").text if page else _any_form(client))
    return client.post(path, data={"csrf_token": token, **fields})


def enter(client: FlaskClient, email: str, **more: str) -> TestResponse:
    """Give the right password."""
    return send(client, "/sign-in", "/sign-in", email=email, password=market.PASSWORD, **more)


def set_up_app(client: FlaskClient, *, name: str = "") -> tuple[bytes, list[str]]:
    """Add an authenticator app, with the code of now: the next step has to take that of half a minute later.

    Returns its secret, and the recovery codes shown then.
    """
    page = client.get(APP)
    assert page.status_code == 200, page.location
    secret = secret_on(page.text)
    code = app_code(secret)
    fields = {"csrf_token": form_token(page.text), "setup": hidden(page.text, "setup")}
    answer = client.post(APP, data={**fields, "code": code, "name": name})
    assert answer.status_code == 303, answer.text
    return secret, codes_on(client.get(RECOVERY).text)


def set_up_passkey(client: FlaskClient, device: Device) -> TestResponse:
    """Add a passkey of ``device``."""
    token = form_token(client.get(PASSKEY).text)
    options = client.post(f"{PASSKEY}/options", data={"csrf_token": token})
    credential = device.create(json.loads(options.text))
    return client.post(PASSKEY, data={"csrf_token": token, "credential": credential, "name": ""})


def answer_with(client: FlaskClient, device: Device, path: str, page: str, **more: str) -> TestResponse:
    """Have ``device`` answer the question of ``path``; its form stands on ``page``."""
    token = form_token(client.get(page).text)
    asked = client.post(f"{path}/options", data={"csrf_token": token})
    assert asked.status_code == 200, asked.text
    options: dict[str, Any] = json.loads(asked.text)
    return client.post(path, data={"csrf_token": token, "credential": device.get(options), **more})


def secret_on(page: str) -> bytes:
    """The secret that the page of a new app shows as text."""
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found
    return base64.b32decode(found[1].replace(" ", ""))


def codes_on(page: str) -> list[str]:
    """The recovery codes on the page that shows them."""
    return re.findall(r"<li><code>([a-z2-7-]{19})</code></li>", page)


def app_code(secret: bytes, later: int = 0) -> str:
    """What the app shows now, or so many half minutes later."""
    return code_at(secret, int(clock.now().timestamp()) // 30 + later)


def _any_form(client: FlaskClient) -> str:
    return client.get(SECURITY).text
