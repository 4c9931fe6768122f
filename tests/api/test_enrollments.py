"""What apps tell of learning: each step once, by those who are in the course alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy.exc
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.ids import CourseId, LessonId
from azora_admin.core.money import Money
from azora_admin.identity.rules import SignedIn
from azora_admin.marketplace import actions as shelf
from azora_admin.marketplace import queries as courses
from tests.api.callers import bearer, fields, ok, problem
from tests.selling import Shop

FREE = Money.zero("usd")


class Class:
    """A free course with three lessons, and a learner in it."""

    def __init__(self, app: Flask, client: FlaskClient, shop: Shop) -> None:
        self.client = client
        self.course: CourseId = shop.course(FREE, title="How to learn")
        self.learner: SignedIn = shop.person()
        with db.transaction() as session:
            self.lessons: list[LessonId] = shelf.add_lessons(
                session, self.course, titles=["One", "Two", "Three"]
            )
        shop.buy(self.learner, self.course)
        self.headers = bearer(app, self.learner)

    def enrolment(self) -> Any:
        (one,) = ok(self.client.get("/api/v1/enrollments", headers=self.headers))["items"]
        return one

    def tell(self, enrolment_id: str, **changes: Any) -> Any:
        body = {"lesson_id": str(self.lessons[0]), "event_id": str(uuid4()), **changes}
        return self.client.post(
            f"/api/v1/enrollments/{enrolment_id}/progress", json=body, headers=self.headers
        )


@pytest.fixture
def room(app: Flask, client: FlaskClient, shop: Shop, test_clock: FixedClock) -> Class:
    return Class(app, client, shop)


def now() -> str:
    return clock.now().isoformat()


def test_steps_lead_to_the_end_of_a_course(room: Class, test_clock: FixedClock) -> None:
    known = room.enrolment()
    assert known["title"] == "How to learn"
    assert known["is_open"] is True
    assert known["progress"] == {"lessons": 3, "opened": 0, "completed": 0, "percent": 0}
    assert ok(room.tell(known["id"], opened_at=now()))["progress"]["opened"] == 1
    percents = []
    for lesson in room.lessons:
        test_clock.advance(timedelta(minutes=2))
        told = ok(room.tell(known["id"], lesson_id=str(lesson), completed_at=now()))
        percents.append(told["progress"]["percent"])
    assert percents == [33, 66, 100]
    assert room.enrolment()["progress"] == {"lessons": 3, "opened": 3, "completed": 3, "percent": 100}
    with db.reading() as session:
        steps = courses.steps_of(session, learner_id=room.learner.person_id, course_id=room.course, limit=3)
        progress = courses.find_progress(session, learner_id=room.learner.person_id, course_id=room.course)
    assert [(step.kind, step.lesson, step.position) for step in steps] == [
        ("completed", "Three", 3),
        ("completed", "Two", 2),
        ("completed", "One", 1),
    ]
    assert (progress.completed, progress.percent) == (3, 100)


def test_the_same_event_twice_is_once_and_another_under_its_id_is_refused(room: Class) -> None:
    enrolment_id, event = room.enrolment()["id"], {"event_id": str(uuid4()), "completed_at": now()}
    first = ok(room.tell(enrolment_id, **event))
    assert ok(room.tell(enrolment_id, **event)) == first
    # Another event that says the same: the lesson is completed already.
    assert ok(room.tell(enrolment_id, completed_at=now())) == first
    problem(room.tell(enrolment_id, lesson_id=str(room.lessons[1]), **event), 409, "progress_event_conflict")


def test_fifty_threads_complete_one_lesson_once(app: Flask, room: Class, test_clock: FixedClock) -> None:
    path, at = f"/api/v1/enrollments/{room.enrolment()['id']}/progress", now()

    def tell(number: int) -> int:
        body = {"lesson_id": str(room.lessons[0]), "event_id": str(uuid4()), "completed_at": at}
        with clock.use(test_clock):
            return app.test_client().post(path, json=body, headers=room.headers).status_code

    with ThreadPoolExecutor(50) as threads:
        assert set(threads.map(tell, range(50))) == {200}
    assert room.enrolment()["progress"]["completed"] == 1


def test_a_step_that_cannot_be_is_refused_by_its_field(room: Class, shop: Shop) -> None:
    enrolment_id = room.enrolment()["id"]
    elsewhere = shop.course(FREE)
    with db.transaction() as session:
        (foreign,) = shelf.add_lessons(session, elsewhere, titles=["Elsewhere"])
    for changes, field in (
        ({}, "completed_at"),
        ({"opened_at": now(), "completed_at": now()}, "completed_at"),
        ({"completed_at": "2026-07-01T12:00:00"}, "completed_at"),
        ({"completed_at": "2999-01-01T00:00:00Z"}, "completed_at"),
        ({"opened_at": "0001-01-01T00:00:00+14:00"}, "opened_at"),
        ({"completed_at": now(), "lesson_id": str(foreign)}, "lesson_id"),
        ({"completed_at": now(), "event_id": "1"}, "event_id"),
    ):
        assert fields(problem(room.tell(enrolment_id, **changes), 422, "invalid")) == [field]
    assert room.enrolment()["progress"]["opened"] == 0


def test_a_stranger_learns_nothing_under_my_name(app: Flask, room: Class, shop: Shop) -> None:
    enrolment_id = room.enrolment()["id"]
    room.headers = bearer(app, shop.person())
    problem(room.tell(enrolment_id, completed_at=now()), 404, "enrollment_not_found")
    assert ok(room.client.get("/api/v1/enrollments", headers=room.headers))["items"] == []


def test_who_was_refunded_learns_no_further_and_goes_on_after_buying_again(
    app: Flask, client: FlaskClient, shop: Shop, room: Class
) -> None:
    learner, course = shop.person(), shop.course()
    with db.transaction() as session:
        (lesson,) = shelf.add_lessons(session, course, titles=["Only"])
    payment_id = shop.sell(learner, course)
    room.headers = bearer(app, learner)
    enrolment = room.enrolment()
    shop.refund(payment_id)
    shop.hear()
    assert room.enrolment() == {**enrolment, "is_open": False}
    refused = room.tell(enrolment["id"], lesson_id=str(lesson), completed_at=now())
    problem(refused, 403, "not_enrolled")
    shop.sell(learner, course)
    assert room.enrolment() == enrolment
    told = ok(room.tell(enrolment["id"], lesson_id=str(lesson), completed_at=now()))
    assert told["progress"]["percent"] == 100


@pytest.mark.parametrize("change", ["UPDATE learning_step SET address = ''", "DELETE FROM learning_step"])
def test_what_was_told_stays(room: Class, change: str) -> None:
    ok(room.tell(room.enrolment()["id"], completed_at=now()))
    with pytest.raises(sqlalchemy.exc.IntegrityError), db.transaction() as session:
        session.execute(text(change))
