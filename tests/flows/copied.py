"""Sessions that are recognized by copies in a Redis of the test's own."""

from __future__ import annotations

import redis
from pydantic import SecretStr
from sqlalchemy import update

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.flows import recognizing
from azora_admin.identity import actions, queries
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.tables import Person
from tests.gateways.redis.server import RedisServer
from tests.identity.having import KEY


def with_redis(settings: Settings, server: RedisServer) -> Settings:
    """The settings, with this Redis."""
    return settings.model_copy(update={"redis_url": SecretStr(server.url)})


def opened(person: SignedIn) -> str:
    """The token of another session of the person."""
    with db.transaction() as session:
        return actions.start_session(session, person, user_agent="", address="")[1]


def found(token: str) -> SignedIn | None:
    """Who a page takes the visitor for."""
    return recognizing.find_session(token, secret_key=KEY)


def warm(token: str) -> SignedIn:
    """Who is found, by a copy from now on."""
    first = found(token)
    assert first is not None
    assert found(token) == first
    return first


def truth(token: str) -> SignedIn | None:
    """What PostgreSQL says."""
    with db.reading() as session:
        return queries.find_session(session, token)


def rename_behind_the_scenes(person: SignedIn) -> None:
    """What nobody is told of."""
    with db.transaction() as session:
        session.execute(update(Person).where(Person.id == person.person_id).values(name="Somebody"))


def copies_in(server: RedisServer) -> list[bytes]:
    """The keys of all copies."""
    with redis.Redis.from_url(server.url) as client:
        return list(client.keys("azora:session:copy:*"))
