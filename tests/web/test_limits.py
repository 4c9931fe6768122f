"""Coming too often: who is counted, in which bucket, and what they are told. Guessing passwords is slow."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from azora_admin.app import create_app
from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from azora_admin.core.ids import PersonId
from azora_admin.identity.rules import SignedIn
from tests.api.callers import bearer, problem
from tests.gateways.redis.server import RedisServer

PASSWORD = "a long enough password"
FEW = 5
HERE = "198.51.100.7"
THERE = "203.0.113.9"


# Windows end by the clock: a test has as long as it takes.
pytestmark = pytest.mark.usefixtures("test_clock")


@pytest.fixture
def few(settings: Settings) -> Settings:
    """Settings by which a caller may come five times a minute."""
    return settings.model_copy(update={"requests_per_minute": FEW})


@pytest.fixture
def strict(few: Settings, database: db.Database, test_clock: FixedClock) -> FlaskClient:
    """A caller of an application that takes five requests a minute."""
    return create_app(few).test_client()


def learner(number: int = 1) -> SignedIn:
    name = f"learner.{number}"
    roles = frozenset({"learner"})
    return SignedIn(None, PersonId(UUID(int=number)), name, f"{name}@example.com", roles)


def me(client: FlaskClient, headers: dict[str, str], *, address: str = HERE) -> TestResponse:
    return client.get("/api/v1/me", headers=headers, environ_base={"REMOTE_ADDR": address})


def anonymous(client: FlaskClient, *, address: str = HERE, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/api/v1/nothing", headers=named, environ_base={"REMOTE_ADDR": address}).status_code


def made_up(number: int) -> dict[str, str]:
    return {"Authorization": f"Bearer made.up.{number}"}


def left(answer: TestResponse, policy: str) -> int:
    """What is left by the RateLimit header."""
    found = re.search(rf'"{policy}";r=(\d+);t=\d+', answer.headers["RateLimit"])
    assert found, answer.headers["RateLimit"]
    return int(found[1])


# Who is counted


def test_a_caller_who_is_known_is_counted_as_themselves_wherever_they_come_from(strict: FlaskClient) -> None:
    token = bearer(strict.application, learner())
    me(strict, token)  # accepted, and known from now on
    assert [me(strict, token, address=HERE).status_code for _ in range(3)] == [200] * 3
    assert [me(strict, token, address=THERE).status_code for _ in range(3)] == [200, 200, 429]


def test_two_tokens_of_one_person_are_one_caller(strict: FlaskClient, test_clock: FixedClock) -> None:
    first = bearer(strict.application, learner())
    test_clock.advance(timedelta(seconds=1))
    second = bearer(strict.application, learner())
    assert first != second
    for token in (first, second):
        me(strict, token)
    assert [me(strict, first).status_code for _ in range(FEW)] == [200] * FEW
    assert me(strict, second).status_code == 429


def test_many_people_behind_one_address_do_not_count_together(strict: FlaskClient) -> None:
    for number in range(1, 5):
        token = bearer(strict.application, learner(number))
        assert {me(strict, token).status_code for _ in range(FEW)} == {200}


def test_whoever_is_not_known_is_counted_by_address(strict: FlaskClient) -> None:
    assert [anonymous(strict) for _ in range(FEW + 1)] == [404] * FEW + [429]
    assert anonymous(strict, address=THERE) == 404


def test_a_person_on_pages_is_counted_as_themselves_too(settings: Settings, database: db.Database) -> None:
    client = create_app(settings.model_copy(update={"requests_per_minute": 20})).test_client()
    sign_up(client, "lena@example.com")
    page = client.get("/sign-in", environ_base={"REMOTE_ADDR": HERE})
    entered = {"csrf_token": form_token(page), "email": "lena@example.com", "password": PASSWORD}
    client.post("/sign-in", data=entered, environ_base={"REMOTE_ADDR": HERE})
    client.get("/account/", environ_base={"REMOTE_ADDR": HERE})
    there = client.get("/account/", environ_base={"REMOTE_ADDR": THERE})
    assert left(there, "requests-per-minute") == 19
    again = client.get("/account/", environ_base={"REMOTE_ADDR": HERE})
    assert left(again, "requests-per-minute") == 18


def test_what_a_sender_says_of_where_it_comes_from_is_not_believed(strict: FlaskClient) -> None:
    told = [anonymous(strict, X_Forwarded_For=f"192.0.2.{number}") for number in range(FEW + 1)]
    assert told == [404] * FEW + [429]


def test_what_a_trusted_proxy_says_is_believed_and_what_was_said_to_the_proxy_is_not(
    few: Settings, database: db.Database
) -> None:
    client = create_app(few.model_copy(update={"trusted_proxies": 1})).test_client()
    told = [anonymous(client, X_Forwarded_For=f"192.0.2.{number}, {THERE}") for number in range(FEW + 1)]
    assert told == [404] * FEW + [429]
    assert anonymous(client, X_Forwarded_For=f"192.0.2.1, {HERE}") == 404


def test_an_ipv6_network_of_64_bits_is_one_address(strict: FlaskClient) -> None:
    told = [anonymous(strict, address=f"2001:db8:1:2:{number}::1") for number in range(FEW + 1)]
    assert told == [404] * FEW + [429]
    assert anonymous(strict, address="2001:db8:1:3::1") == 404
    mapped = [anonymous(strict, address=one) for one in (f"::ffff:{THERE}", THERE) for _ in range(3)]
    assert mapped == [404] * FEW + [429]


# Tokens that nobody has accepted


def test_a_made_up_token_buys_no_bucket(client: FlaskClient) -> None:
    answers = [me(client, made_up(number)) for number in range(3)]
    assert [left(one, "unvalidated-tokens-per-minute") for one in answers] == [1199, 1198, 1197]
    assert {one.status_code for one in answers} == {401}


def test_who_sends_made_up_tokens_stops_neither_the_known_nor_the_anonymous_behind_the_same_address(
    client: FlaskClient,
) -> None:
    known = bearer(client.application, learner())
    me(client, known)
    assert {me(client, made_up(number)).status_code for number in range(1199)} == {401}
    assert me(client, made_up(0)).status_code == 429
    assert me(client, known).status_code == 200
    assert anonymous(client) == 404
    assert me(client, made_up(0), address=THERE).status_code == 401


def test_a_bucket_full_of_made_up_tokens_is_not_even_asked_whether_the_next_is_good(
    client: FlaskClient,
) -> None:
    for number in range(1200):
        me(client, made_up(number))
    assert me(client, bearer(client.application, learner())).status_code == 429


def test_a_token_that_is_known_and_no_longer_good_counts_for_whom_it_spoke_for(
    strict: FlaskClient, test_clock: FixedClock
) -> None:
    token = bearer(strict.application, learner())
    me(strict, token)
    test_clock.advance(timedelta(hours=1))
    assert [me(strict, token).status_code for _ in range(FEW + 1)] == [401] * FEW + [429]
    assert me(strict, made_up(1)).status_code == 401


# What has a bucket of its own


def test_money_is_counted_more_strictly_and_by_person(client: FlaskClient) -> None:
    def buy(person: SignedIn) -> TestResponse:
        headers = bearer(client.application, person)
        return client.post(f"/api/v1/courses/{UUID(int=7)}/purchase", headers=headers)

    answers = [buy(learner()) for _ in range(121)]
    assert [one.status_code for one in answers] == [404] * 120 + [429]
    assert left(answers[0], "money-per-minute") == 119
    assert buy(learner(2)).status_code == 404


def test_an_answer_that_is_given_again_moves_no_money_and_is_not_counted_as_such(client: FlaskClient) -> None:
    headers = bearer(client.application, learner()) | {"Idempotency-Key": "one"}
    answers = [client.post(f"/api/v1/courses/{UUID(int=7)}/purchase", headers=headers) for _ in range(3)]
    assert {one.status_code for one in answers} == {404}
    assert ["money-per-minute" in one.headers["RateLimit-Policy"] for one in answers] == [True, False, False]


def test_stripe_is_not_stopped_by_what_else_comes_from_its_address(strict: FlaskClient) -> None:
    for _ in range(FEW + 1):
        anonymous(strict)
    for _ in range(3 * FEW):
        answer = strict.post("/webhooks/stripe", data=b"{}", environ_base={"REMOTE_ADDR": HERE})
        assert answer.status_code == 400
    assert answer.headers["RateLimit-Policy"] == '"webhooks-per-minute";q=600000;w=60'


@pytest.mark.parametrize("path", ["/healthz", "/static/css/azora.css"])
def test_who_asks_whether_we_are_alive_and_for_a_file_is_not_counted(strict: FlaskClient, path: str) -> None:
    answers = [strict.get(path, buffered=True) for _ in range(2 * FEW)]
    assert {one.status_code for one in answers} == {200}
    assert not any("RateLimit" in one.headers for one in answers)


# What they are told


def test_every_answer_tells_the_limit_what_is_left_and_until_when(strict: FlaskClient) -> None:
    first, second = (strict.get("/api/v1/nothing") for _ in range(2))
    assert first.headers["RateLimit-Policy"] == '"requests-per-minute";q=5;w=60'
    assert re.fullmatch(r'"requests-per-minute";r=4;t=([1-9]|[1-5]\d|60)', first.headers["RateLimit"])
    assert left(second, "requests-per-minute") == 3
    assert "Retry-After" not in second.headers


def test_a_bucket_that_nothing_was_counted_in_is_full_for_a_whole_window(client: FlaskClient) -> None:
    sign_up(client, "lena@example.com")
    answer = ask_for_token(client, "lena@example.com", PASSWORD)
    assert '"failed-sign-ins-per-hour";r=400;t=3600' in answer.headers["RateLimit"]


def test_a_program_is_told_by_a_problem_and_a_person_by_a_page_when_to_come_again(
    strict: FlaskClient, test_clock: FixedClock
) -> None:
    for _ in range(FEW):
        strict.get("/")
    told, shown = strict.get("/api/v1/courses"), strict.get("/sign-in")
    seconds = int(told.headers["Retry-After"])
    assert problem(told, HTTPStatus.TOO_MANY_REQUESTS, "rate_limited")["detail"].startswith(
        f"You can go on in {seconds} second"
    )
    assert left(told, "requests-per-minute") == 0
    assert (shown.status_code, shown.mimetype) == (429, "text/html")
    assert f"go on in {seconds} second" in shown.text
    assert shown.headers["Retry-After"] == str(seconds)
    test_clock.advance(timedelta(seconds=seconds))
    assert strict.get("/sign-in").status_code == 200


# Passwords


def ask_for_token(client: FlaskClient, email: str, password: str) -> TestResponse:
    return client.post("/api/v1/auth/token", json={"email": email, "password": password})


def sign_up(client: FlaskClient, email: str) -> None:
    client.post("/api/v1/users", json={"email": email, "name": "Lena", "password": PASSWORD})


def form_token(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def fail(client: FlaskClient, **headers: str) -> TestResponse:
    """A try in vain, refused before anything is hashed."""
    return client.post("/api/v1/auth/token", json={}, headers=headers)


def test_after_forty_failures_an_address_is_told_to_wait_and_for_how_long(client: FlaskClient) -> None:
    assert {fail(client).status_code for _ in range(40)} == {422}
    refused = ask_for_token(client, "nobody@example.com", "wrong password")
    assert refused.status_code == 429
    assert refused.get_json()["code"] == "rate_limited"
    assert 0 < int(refused.headers["Retry-After"]) <= 60


def test_a_failure_is_told_by_the_headers_of_its_own_answer(client: FlaskClient) -> None:
    answer = ask_for_token(client, "nobody@example.com", "wrong password")
    assert answer.status_code == 401
    assert left(answer, "failed-sign-ins-per-minute") == 39
    assert left(answer, "failed-sign-ins-per-hour") == 399
    assert left(answer, "sign-ins-per-minute") == 299


def test_the_page_and_the_api_count_together(client: FlaskClient) -> None:
    for _ in range(40):
        fail(client)
    token = form_token(client.get("/sign-in"))
    refused = client.post("/sign-in", data={"csrf_token": token, "email": "nobody@example.com"})
    assert refused.status_code == 429
    assert "You can go on in" in refused.text


def test_a_token_does_not_buy_more_guesses(client: FlaskClient) -> None:
    told = [fail(client, **made_up(number)).status_code for number in range(41)]
    assert told == [422] * 40 + [429]


def test_whoever_signs_in_rightly_may_come_as_often_as_they_like(client: FlaskClient) -> None:
    sign_up(client, "lena@example.com")
    assert {ask_for_token(client, "lena@example.com", PASSWORD).status_code for _ in range(12)} == {200}


# Redis


@pytest.mark.parametrize("trouble", ["kill", "hold"])
def test_a_redis_that_goes_away_between_a_request_and_its_answer_fails_neither(
    few: Settings, database: db.Database, redis_server: RedisServer, trouble: str
) -> None:
    with_redis = few.model_copy(update={"redis_url": type(few.redis_url)(redis_server.url)})
    client = create_app(with_redis).test_client()
    assert ask_for_token(client, "nobody@example.com", "wrong password").status_code == 401
    getattr(redis_server, trouble)()
    answer = ask_for_token(client, "nobody@example.com", "wrong password")
    assert answer.status_code == 401
    assert left(answer, "failed-sign-ins-per-minute") == 38
    assert left(answer, "requests-per-minute") == FEW - 2
    assert client.get("/readyz").status_code == 200
