"""Conditional GETs: never 304 for what has changed, whoever changed it and however."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from azora_admin.api import conditional
from azora_admin.app import create_app
from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from azora_admin.core.ids import PersonId
from azora_admin.identity.queries import get_person
from azora_admin.identity.rules import SignedIn
from tests.api.callers import bearer, ok, problem
from tests.pages import market
from tests.pages.market import SomeCourse

Get = Callable[..., TestResponse]


@pytest.fixture
def app(settings: Settings, database: db.Database) -> Flask:
    """The whole application; nothing here is sold through the stand-in."""
    return create_app(settings)


@pytest.fixture
def learner() -> PersonId:
    (one,) = market.add_learners([1])
    return one


@pytest.fixture
def teacher() -> PersonId:
    return market.add_person("priya@market.test", "Priya Raman", "instructor")


@pytest.fixture
def course(teacher: PersonId) -> SomeCourse:
    return market.add_course("Rust for Embedded Linux", teacher, 4900)


@pytest.fixture
def get(app: Flask, learner: PersonId) -> Get:
    """GET ``path`` as the learner (or as ``who``), who has the answer tagged ``has``."""

    def ask(path: str, *, has: str | None = None, who: PersonId = learner) -> TestResponse:
        headers = bearer(app, known(who)) | ({"If-None-Match": has} if has is not None else {})
        return app.test_client().get(path, headers=headers)

    return ask


def known(person_id: PersonId) -> SignedIn:
    with db.reading() as session:
        return get_person(session, person_id)


def tag(answer: TestResponse) -> str:
    ok(answer)
    return answer.headers["ETag"]


def change(statement: str, **values: object) -> None:
    with db.transaction() as session:
        assert session.execute(text(statement), values).rowcount == 1  # type: ignore[attr-defined]


PAYMENT_CHANGES = [
    "description = 'Another'",
    "amount_minor = 4901",
    "currency = 'eur'",
    "stripe_payment_intent_id = 'pi_other'",
    "failure_code = 'card_declined', failure_message = 'No.'",
    "status = 'processing'",
    "status = 'completed', settled_at = now()",
    "created_at = created_at - interval '1 microsecond'",
]
COURSE_CHANGES = [
    "title = 'Another'",
    "slug = 'another'",
    "summary = 'Another'",
    "category = 'Art'",
    "level = 'advanced'",
    "language = 'de'",
    "price_minor = 0",
    "currency = 'eur'",
    "published_at = published_at - interval '1 microsecond'",
]


@pytest.mark.parametrize("changed", PAYMENT_CHANGES)
def test_a_payment_changed_behind_everybodys_back_is_told_anew(
    get: Get, learner: PersonId, course: SomeCourse, changed: str
) -> None:
    payment = market.order(learner, course)
    for path in (f"/api/v1/payments/{payment}", "/api/v1/payments"):
        before = get(path)
        assert get(path, has=tag(before)).status_code == 304
        change(f"UPDATE payment SET {changed} WHERE id = :id", id=payment)
        after = get(path, has=tag(before))
        assert ok(after) != ok(before)
        assert get(path, has=tag(after)).status_code == 304
        market_undo(payment)


def market_undo(payment: object) -> None:
    """Put the payment back, so that the next address sees the same change."""
    change(
        "UPDATE payment SET description = 'Rust for Embedded Linux', amount_minor = 4900, currency = 'usd',"
        " stripe_payment_intent_id = 'pi_first', failure_code = NULL, failure_message = NULL, status = 'pending',"
        " settled_at = NULL, created_at = created_at + interval '1 microsecond' WHERE id = :id",
        id=payment,
    )


@pytest.mark.parametrize("changed", COURSE_CHANGES)
def test_a_course_changed_behind_everybodys_back_is_told_anew(
    get: Get, course: SomeCourse, changed: str
) -> None:
    one, shelf = f"/api/v1/courses/{course.id}", "/api/v1/courses"
    before = {path: get(path) for path in (one, shelf)}
    assert [get(path, has=tag(answer)).status_code for path, answer in before.items()] == [304, 304]
    change(f"UPDATE course SET {changed} WHERE id = :id", id=course.id)
    for path, answer in before.items():
        assert ok(get(path, has=tag(answer))) != ok(answer)


def test_a_list_is_another_one_when_something_comes_or_goes_or_a_next_page_begins(
    get: Get, teacher: PersonId, course: SomeCourse
) -> None:
    path = "/api/v1/courses?limit=2"
    tags = [tag(get(path))]
    second = market.add_course("The second", teacher, 4900)
    tags.append(tag(get(path, has=tags[-1])))
    market.add_course("The third", teacher, 4900)
    tags.append(tag(get(path, has=tags[-1])))
    change("UPDATE course SET status = 'archived' WHERE id = :id", id=second.id)
    tags.append(tag(get(path, has=tags[-1])))
    change("UPDATE course SET published_at = published_at - interval '1 day' WHERE id = :id", id=course.id)
    tags.append(tag(get(path, has=tags[-1])))
    assert len(set(tags)) == 5


def test_a_page_that_becomes_the_last_one_loses_its_cursor(get: Get, teacher: PersonId) -> None:
    older, _ = (market.add_course(title, teacher, 4900) for title in ("The older", "The newer"))
    before = get("/api/v1/courses?limit=1")
    assert ok(before)["next_cursor"]
    change("UPDATE course SET status = 'archived' WHERE id = :id", id=older.id)
    after = get("/api/v1/courses?limit=1", has=tag(before))
    assert ok(after) == {**ok(before), "next_cursor": None}


def test_access_given_and_taken_is_told_at_once(get: Get, learner: PersonId, course: SomeCourse) -> None:
    path = f"/api/v1/me/access?course_id={course.id}"
    before = tag(get(path))
    payment = market.pay(learner, course)
    given = get(path, has=before)
    assert ok(given)["allowed"] is True
    change(
        "UPDATE access_grant SET ended_at = now(), end_reason = 'refunded' WHERE payment_id = :id", id=payment
    )
    taken = get(path, has=tag(given))
    assert ok(taken)["allowed"] is False
    assert tag(taken) == before, "the same answer has the same tag"


def test_earnings_that_become_available_by_time_alone_are_told_anew(
    get: Get, test_clock: FixedClock, learner: PersonId, teacher: PersonId, course: SomeCourse
) -> None:
    market.pay(learner, course)
    path = "/api/v1/instructor/earnings"
    before = get(path, who=teacher)
    assert get(path, who=teacher, has=tag(before)).status_code == 304
    test_clock.advance(timedelta(days=15))
    assert ok(get(path, who=teacher, has=tag(before))) != ok(before)


def test_what_somebody_else_has_is_nothing_that_i_have(
    get: Get, learner: PersonId, course: SomeCourse
) -> None:
    (other,) = market.add_learners([2])
    market.order(learner, course)
    for path in ("/api/v1/me", "/api/v1/payments"):
        assert tag(get(path, who=other, has=tag(get(path)))) != tag(get(path))


@pytest.mark.parametrize(
    "form",
    [
        "{tag}",
        '"other", {tag}',
        'W/"other" ,{tag},"more"',
        "{strong}",
        '"{bare}-gzip"',
        'W/"{bare}-br"',
        "*",
    ],
)
def test_a_tag_is_known_weak_or_strong_in_a_list_and_behind_a_proxy_that_compresses(
    get: Get, course: SomeCourse, form: str
) -> None:
    known = tag(get("/api/v1/courses"))
    sent = form.format(tag=known, strong=known.removeprefix("W/"), bare=known[3:-1])
    assert get("/api/v1/courses", has=sent).status_code == 304


@pytest.mark.parametrize(
    "form", ["", '"other"', "{bare}", '"{bare}x"', '"x{bare}"', '"*"', "W/*", '"', '""', "é", ","]
)
def test_anything_else_is_no_tag_of_this_answer(get: Get, course: SomeCourse, form: str) -> None:
    bare = tag(get("/api/v1/courses"))[3:-1]
    assert get("/api/v1/courses", has=form.format(bare=bare)).status_code == 200


def test_nothing_is_told_to_be_unchanged_that_is_not_there_or_not_yours(
    app: Flask, client: FlaskClient, get: Get, learner: PersonId, course: SomeCourse
) -> None:
    payment = market.order(learner, course)
    path = f"/api/v1/payments/{payment}"
    has = tag(get(path))
    (other,) = market.add_learners([2])
    problem(get(path, who=other, has=has), 404, "payment_not_found")
    problem(get("/api/v1/courses/x", has="*"), 404, "not_found")
    answer = client.get(path, headers={"If-None-Match": has})
    problem(answer, 401, "unauthenticated")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers


def test_another_edition_of_the_program_or_of_its_secret_makes_other_tags(
    app: Flask, settings: Settings, course: SomeCourse, tmp_path: Path
) -> None:
    (tmp_path / "one.py").write_text("a = 1")
    before = conditional._code(tmp_path)
    (tmp_path / "two.py").write_text("")
    assert conditional._code.__wrapped__(tmp_path) != before
    changed: dict[str, Any] = {"secret_key": type(settings.secret_key)("x" * 40)}
    other = create_app(settings.model_copy(update=changed))
    mine, theirs = (one.test_client().get("/api/v1/courses") for one in (app, other))
    assert ok(mine) == ok(theirs)
    assert tag(mine) != tag(theirs)


def test_while_rows_change_under_ones_hands_a_tag_never_means_two_answers(
    app: Flask, learner: PersonId, course: SomeCourse
) -> None:
    payment = market.order(learner, course)
    headers = bearer(app, known(learner))
    seen: dict[str, set[bytes]] = {}
    wrong: list[tuple[bytes, bytes]] = []
    done = threading.Event()

    def write() -> None:
        for number in range(150):
            with db.transaction() as session:
                session.execute(
                    text("UPDATE payment SET description = :text, changed_at = :at WHERE id = :id"),
                    {"text": f"Word {number}", "at": clock.now(), "id": payment},
                )
        done.set()

    def read(path: str) -> None:
        client, has, body = app.test_client(), "", b""
        while not done.is_set():
            answer = client.get(path, headers={**headers, "If-None-Match": has})
            if answer.status_code == 200:
                has, body = answer.headers["ETag"], answer.data
                seen.setdefault(path + has, set()).add(body)
            elif has != answer.headers["ETag"]:
                wrong.append((has.encode(), body))

    paths = [f"/api/v1/payments/{payment}", "/api/v1/payments"] * 2
    threads = [threading.Thread(target=write), *(threading.Thread(target=read, args=(one,)) for one in paths)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(seen) > 20
    assert {tag: bodies for tag, bodies in seen.items() if len(bodies) != 1} == {}
