"""Pages with a Redis: they ask for no session, and what one browser changes, the next page of another sees."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from azora_admin.core.ids import PersonId
from tests.flows.copied import with_redis
from tests.gateways.redis.server import RedisServer
from tests.pages import market
from tests.pages.conftest import Browser, Counted
from tests.pages.stepping import send

ADMIN, SAM = "amara@market.test", "sam@market.test"


@pytest.fixture
def settings(settings: Settings, redis_server: RedisServer) -> Settings:
    """Settings with a Redis."""
    return with_redis(settings, redis_server)


@pytest.fixture
def sam(test_clock: FixedClock, database: object) -> PersonId:
    market.add_person(ADMIN, "Amara Nwosu", "admin")
    return market.add_person(SAM, "Sam Support", "support")


@pytest.fixture
def admin(browser: Browser, sam: PersonId) -> FlaskClient:
    """An administrator's browser."""
    return browser(ADMIN)


def test_a_page_asks_postgresql_for_no_session(browser: Browser, sam: PersonId, statements: Counted) -> None:
    client = browser(SAM)
    client.get("/admin/payments")
    with statements() as sent:
        assert client.get("/admin/payments").status_code == 200
    assert sent
    assert not [statement for statement in sent if "person_session" in statement]


def test_roles_that_an_administrator_changes_open_and_close_pages_at_once(
    browser: Browser, admin: FlaskClient, sam: PersonId
) -> None:
    client, page = browser(SAM), f"/admin/people/{sam}"
    assert client.get("/admin/").status_code == 200
    done = send(admin, f"{page}/roles", page, roles="learner", version="1", why="Sam has left")
    assert done.status_code == 303, done.text
    assert client.get("/admin/").status_code == 403


def test_whoever_is_signed_out_everywhere_is_led_to_the_sign_in_by_the_next_page(
    browser: Browser, admin: FlaskClient, sam: PersonId
) -> None:
    client, page = browser(SAM), f"/admin/people/{sam}"
    assert client.get("/admin/").status_code == 200
    done = send(admin, f"{page}/sessions/end", page, why="a lost laptop")
    assert done.status_code == 303, done.text
    assert client.get("/admin/").status_code == 303


def test_a_proof_counts_for_the_very_next_page(
    browser: Browser, sam: PersonId, test_clock: FixedClock
) -> None:
    client, page = browser(SAM), "/account/security/factors/app"
    test_clock.advance(timedelta(minutes=11))
    assert client.get(page).status_code == 303
    done = send(client, "/sign-in/again", "/sign-in/again", proof_password=market.PASSWORD)
    assert done.status_code == 303, done.text
    assert client.get(page).status_code == 200
