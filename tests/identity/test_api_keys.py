"""API keys on the real database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.core.errors import Conflict, DomainError, Invalid, NotFound, Unauthenticated
from azora_admin.core.ids import PersonId, new_id
from azora_admin.identity import actions, queries
from azora_admin.identity.queries import ApiKeyView
from azora_admin.identity.queries.api_keys import KeyHolder
from azora_admin.identity.rules import Action, Actor, NewPerson
from azora_admin.identity.rules.api_keys import KEYS_MOST, write_key
from azora_admin.identity.tables import ApiKey, AuditEntry

pytestmark = pytest.mark.usefixtures("database")


def person(*roles: str, email: str = "lena@example.com") -> PersonId:
    with db.transaction() as session:
        new = NewPerson(email, "Lena", "")
        return actions.add_person(session, new, password_hash="none", roles=roles or ("learner",))


def by(person_id: PersonId | None = None) -> Actor:
    return Actor(person_id, "Lena", "page", "request", "127.0.0.1")


def make(
    owner_id: PersonId, *scopes: str, expires_at: datetime | None = None, name: str = "Export"
) -> tuple[ApiKeyView, str]:
    with db.transaction() as session:
        return actions.create_key(
            session,
            by(owner_id),
            owner_id=owner_id,
            name=name,
            scopes=scopes or ("own:read",),
            expires_at=expires_at,
        )


def revoke(key: ApiKeyView, *, owner_id: PersonId | None = None) -> ApiKeyView:
    with db.transaction() as session:
        return actions.revoke_key(session, by(), key_id=key.key_id, owner_id=owner_id or key.owner_id)


def note(key: ApiKeyView, address: str = "10.0.0.1") -> None:
    with db.single_write() as session:
        actions.note_key_use(session, key_id=key.key_id, address=address)


def holder(text: str) -> KeyHolder:
    with db.reading() as session:
        return queries.get_key_holder(session, text)


def refusal(text: str) -> str:
    with pytest.raises(Unauthenticated) as refused:
        holder(text)
    return refused.value.code


def listed(owner_id: PersonId) -> list[ApiKeyView]:
    with db.reading() as session:
        return list(queries.list_keys(session, owner_id))


def test_a_key_lets_its_owner_in_for_what_it_names_and_only_a_hash_of_it_is_kept() -> None:
    owner = person("learner", "instructor")
    key, text = make(owner, "own:read")
    found = holder(text).person
    assert (found.person_id, found.session_id, found.key_id) == (owner, None, key.key_id)
    assert found.may(Action.READ_OWN)
    assert not found.may(Action.READ_EARNINGS)
    assert not found.may(Action.SECURE_OWN)
    with db.reading() as session:
        row = session.scalars(select(ApiKey)).one()
    secret = text.rsplit("_", 1)[1]
    assert secret not in repr(vars(row))
    assert text.startswith(f"{key.prefix}_")
    assert row.created_by == owner


def test_a_key_can_do_no_more_than_its_owner_can_now() -> None:
    owner = person("instructor")
    _, text = make(owner, "earnings:read")
    assert holder(text).person.may(Action.READ_EARNINGS)
    with db.transaction() as session:
        session.connection().exec_driver_sql("UPDATE person SET roles = '{learner}'")
    assert not holder(text).person.may(Action.READ_EARNINGS)


def test_another_secret_with_the_handle_of_a_key_opens_nothing_and_learns_nothing() -> None:
    key, _ = make(person())
    forged = write_key(key.prefix.removeprefix("azk_"), "0" * 32)
    assert refusal(forged) == "invalid_api_key"
    revoke(key)
    assert refusal(forged) == "invalid_api_key"
    assert refusal(write_key("0" * 12, "0" * 32)) == "invalid_api_key"


def test_a_key_that_is_revoked_opens_nothing_from_the_next_call_on() -> None:
    key, text = make(person())
    holder(text)
    first = revoke(key)
    assert (first.standing, refusal(text)) == ("revoked", "api_key_revoked")
    assert revoke(key).revoked_at == first.revoked_at


def test_who_made_and_who_revoked_a_key_is_in_the_audit_log_once_each_and_the_key_is_not() -> None:
    key, text = make(person())
    revoke(key)
    revoke(key)
    with db.reading() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(one.act, one.subject_id, one.subject_label) for one in entries] == [
        ("api_key.created", str(key.key_id), key.prefix),
        ("api_key.revoked", str(key.key_id), key.prefix),
    ]
    assert text.rsplit("_", 1)[1] not in repr([(one.before, one.after) for one in entries])


def test_a_key_ends_at_its_time(test_clock: FixedClock) -> None:
    _, text = make(person(), expires_at=test_clock.now() + timedelta(days=1))
    test_clock.advance(timedelta(days=1) - timedelta(microseconds=1))
    holder(text)
    test_clock.advance(timedelta(microseconds=1))
    assert refusal(text) == "api_key_expired"


def test_nobody_revokes_the_key_of_somebody_else() -> None:
    key, text = make(person())
    other = person(email="mara@example.com")
    with pytest.raises(NotFound) as refused:
        revoke(key, owner_id=other)
    assert refused.value.code == "api_key_not_found"
    holder(text)


def test_a_list_shows_the_owners_keys_and_nobody_elses_the_live_ones_first(test_clock: FixedClock) -> None:
    owner, other = person(), person(email="mara@example.com")
    old, _ = make(owner, name="Old")
    test_clock.advance(timedelta(hours=1))
    gone, _ = make(owner, name="Gone")
    test_clock.advance(timedelta(hours=1))
    make(owner, "own:read", "purchases:write", name="New", expires_at=test_clock.now() + timedelta(hours=1))
    make(other)
    revoke(gone)
    test_clock.advance(timedelta(hours=1))
    shown = [(key.name, key.standing, tuple(key.scopes)) for key in listed(owner)]
    assert shown == [
        ("New", "expired", ("own:read", "purchases:write")),
        ("Old", "live", ("own:read",)),
        ("Gone", "revoked", ("own:read",)),
    ]
    assert listed(owner)[1] == old


def test_use_is_noted_once_a_minute_however_many_call_at_once(test_clock: FixedClock) -> None:
    key, text = make(person())
    assert not holder(text).is_use_noted
    note(key, "10.0.0.1")
    note(key, "10.0.0.2")
    assert holder(text).is_use_noted
    (noted,) = listed(key.owner_id)
    assert (noted.last_used_at, noted.last_used_address) == (test_clock.now(), "10.0.0.1")
    test_clock.advance(timedelta(minutes=1))
    assert not holder(text).is_use_noted
    note(key, "x" * 200)
    (noted,) = listed(key.owner_id)
    assert (noted.last_used_at, noted.last_used_address) == (test_clock.now(), "x" * 64)


def test_nobody_has_more_live_keys_than_they_can_look_after_though_many_are_made_at_once() -> None:
    owner = person()

    def one_more(_: int) -> str:
        try:
            make(owner)
        except DomainError as refused:
            return refused.code
        return "made"

    with ThreadPoolExecutor(8) as threads:
        answers = sorted(threads.map(one_more, range(KEYS_MOST + 5)))
    assert answers == ["made"] * KEYS_MOST + ["too_many_api_keys"] * 5
    revoke(listed(owner)[0])
    make(owner)
    with pytest.raises(Conflict):
        make(owner)


def test_a_key_needs_an_owner() -> None:
    with pytest.raises(NotFound) as refused:
        make(PersonId(new_id()))
    assert refused.value.code == "person_not_found"


def test_a_key_is_found_by_what_may_be_shown_of_it() -> None:
    key, _ = make(person())
    with db.reading() as session:
        assert queries.get_key_by_prefix(session, key.prefix) == key
        with pytest.raises(NotFound, match="azk_nothing"):
            queries.get_key_by_prefix(session, "azk_nothing")


def test_a_machine_has_keys_and_no_password() -> None:
    with db.transaction() as session:
        machine = actions.add_machine(session, by(), name="  Nightly   export ")
        found = queries.get_person(session, machine)
    assert (found.name, sorted(found.roles)) == ("Nightly export", ["machine"])
    with db.reading() as session:
        for guess in ("none", "", "machine"):
            with pytest.raises(Unauthenticated):
                actions.check_password(session, email=found.email, password=guess)
    _, text = make(machine, "own:read")
    assert holder(text).person.may(Action.READ_OWN)


def test_a_machine_has_a_name() -> None:
    with pytest.raises(Invalid) as refused, db.transaction() as session:
        actions.add_machine(session, by(), name=" ")
    assert refused.value.errors[0].field == "name"
