"""The learner's app of the sandbox, on the running application."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from azora_admin.api.access_tokens import AccessTokens
from azora_admin.api.bearer import EXTENSION
from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import new_id
from azora_admin.identity.queries import find_person_by_email
from azora_admin.sandbox.phone import CallFailed, Phone, Wallet

EMAIL, PASSWORD = "lena@example.com", "a battery in a stable"


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  its name there
        pass


@pytest.fixture
def url(app: Flask) -> Iterator[str]:
    """The application, answering on a port."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def expired(app: Flask) -> dict[str, str]:
    """A header with an access token of Lena's that ended an hour ago."""
    tokens: AccessTokens = app.extensions[EXTENSION]
    with db.reading() as session:
        person = find_person_by_email(session, EMAIL)
    assert person is not None
    with clock.use(FixedClock(clock.now() - timedelta(hours=1))):
        token = tokens.issue(person)
    return {"Authorization": f"Bearer {token}"}


def test_a_phone_whose_access_token_has_ended_goes_on_with_another_one(app: Flask, url: str) -> None:
    with closing(Phone(url, Wallet(url))) as phone:
        phone.sign_up(email=EMAIL, name="Lena", password=PASSWORD)
        phone.sign_in(email=EMAIL, password=PASSWORD)
        for _ in range(2):
            phone._headers |= expired(app)
            assert phone.may_open(str(new_id())) is False


def test_a_phone_that_was_signed_out_says_so(app: Flask, url: str) -> None:
    with closing(Phone(url, Wallet(url))) as phone:
        phone.sign_up(email=EMAIL, name="Lena", password=PASSWORD)
        phone.sign_in(email=EMAIL, password=PASSWORD)
        phone._refresh_token = "azr_none"
        phone._headers |= expired(app)
        with pytest.raises(CallFailed) as refused:
            phone.may_open(str(new_id()))
        assert refused.value.code == "invalid_refresh_token"
