"""What a description holds a request to: its parts are given to the view as their types, or it is refused."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

import pytest
from flask import Blueprint, Flask, Response
from flask.testing import FlaskClient
from pydantic import Field

from azora_admin.api import answers
from azora_admin.api.bodies import Body
from azora_admin.api.calls import Call, calls_of
from azora_admin.api.description import PAYMENTS, Answer, describe
from azora_admin.api.parameters import WRITTEN_PLAINLY, Query
from azora_admin.core.ids import new_id
from azora_admin.web import errors, request_ids
from tests.api.callers import fields, ok, problem

SMALL: Final = 40


class Wish(Body):
    """Something that somebody would like."""

    amount: Annotated[int, Field(ge=1, le=100)]
    words: list[Annotated[str, Field(max_length=5)]] = Field(default_factory=list, max_length=3)


class Page(Query):
    """Which page."""

    number: Annotated[int, Field(ge=1, le=9), WRITTEN_PLAINLY] = 1


@pytest.fixture
def app() -> Flask:
    """An application with one call."""
    made = Flask("wishes")
    errors.install(made)
    request_ids.install(made)
    wishes = Blueprint("wishes", __name__, url_prefix="/api")

    @wishes.post("/people/<person_id>/wishes/<kind>")
    @describe("wish", PAYMENTS, Answer(201, Wish), largest_body=SMALL)
    def wish(
        person_id: UUID, kind: Annotated[str, Field(pattern="^[a-z]{3}$")], body: Wish, query: Page
    ) -> Response:
        """Wish for something.

        It may come true.
        """
        return answers.json([person_id, kind, body.amount, query.number], 201)

    made.register_blueprint(wishes)
    return made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A caller of it."""
    return app.test_client()


@pytest.fixture
def call(app: Flask) -> Call:
    """The call itself."""
    (found,) = calls_of(app)
    return found


def test_every_part_comes_as_its_type(client: FlaskClient) -> None:
    person_id = new_id()
    answer = client.post(f"/api/people/{person_id}/wishes/red?number=3", json={"amount": 7})
    assert ok(answer, 201) == [str(person_id), "red", 7, 3]


@pytest.mark.parametrize("path", ["x/wishes/red", "{id}/wishes/RED", "{id}/wishes/reds"])
def test_a_part_of_the_address_that_can_not_be_is_not_there(client: FlaskClient, path: str) -> None:
    problem(client.post(f"/api/people/{path.format(id=new_id())}", json={"amount": 7}), 404, "not_found")


@pytest.mark.parametrize(
    ("query", "body", "named"),
    [
        ("?number=10", {"amount": 1}, "number"),
        ("?number=1.0", {"amount": 1}, "number"),
        ("", {"amount": 101}, "amount"),
        ("", {"amount": "1"}, "amount"),
        ("", {"amount": 1.0}, "amount"),
        ("", {"amount": True}, "amount"),
        ("", {"amount": 1, "words": ["a\0"]}, "words"),
        ("", {"amount": 1, "words": ["toolong"]}, "words.0"),
    ],
)
def test_what_can_not_be_accepted_is_named(
    client: FlaskClient, query: str, body: dict[str, object], named: str
) -> None:
    answer = client.post(f"/api/people/{new_id()}/wishes/red{query}", json=body)
    assert fields(problem(answer, 422, "invalid")) == [named]


def test_a_call_has_a_limit_of_its_own_for_its_body(client: FlaskClient) -> None:
    path = f"/api/people/{new_id()}/wishes/red"
    fits = b'{"amount": 7}'.ljust(SMALL)
    ok(client.post(path, data=fits, content_type="application/json"), 201)
    problem(client.post(path, data=fits + b" ", content_type="application/json"), 413, "body_too_large")


def test_a_call_knows_its_words_and_how_it_is_refused(call: Call) -> None:
    assert (call.method, call.address) == ("POST", "/api/people/{person_id}/wishes/{kind}")
    assert (call.operation.summary, call.operation.details) == ("Wish for something", "It may come true.")
    assert not call.wants_token
    assert {one.code for one in call.refusals} >= {"invalid", "unreadable", "not_found", "rate_limited"}
    assert "unauthenticated" not in {one.code for one in call.refusals}


def test_a_call_without_words_is_none() -> None:
    def silent() -> Response:
        return answers.json({})

    with pytest.raises(TypeError, match="no docstring"):
        describe("silent", PAYMENTS, Answer(200, None))(silent)
