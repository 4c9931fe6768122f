"""``azora verify`` as one sees it: sentences, and an exit status."""

from __future__ import annotations

from sqlalchemy import text

from azora_admin.core import db
from azora_admin.jobs.rounds import seal_the_audit_log
from azora_admin.launch.proving import prove
from tests.identity.audit_days import days_ago, record_on
from tests.selling import Shop

ALL_IS_WELL = "the audit log, the ledger, the sales and Stripe agree"


def proven(shop: Shop) -> tuple[int, list[str]]:
    told: list[str] = []
    return prove(shop.settings, told.append), told


def test_all_is_well(shop: Shop) -> None:
    shop.sell(shop.person(), shop.course())
    shop.hear()
    assert proven(shop) == (0, [ALL_IS_WELL])


def test_the_latest_seal_is_told_so_that_it_can_be_written_down(shop: Shop) -> None:
    record_on(days_ago(1))
    seal_the_audit_log(shop.settings)
    with db.reading() as session:
        seal = session.scalar(text("SELECT encode(hash, 'hex') FROM audit_seal"))
    assert proven(shop) == (0, [f"the audit log is sealed until {days_ago(1)}: {seal}", ALL_IS_WELL])


def test_seals_under_another_secret_key_are_not_taken_for_checked(shop: Shop) -> None:
    record_on(days_ago(1))
    secret = type(shop.settings.secret_key)("another secret key, thirty-two characters")
    seal_the_audit_log(shop.settings.model_copy(update={"secret_key": secret}))
    status, told = proven(shop)
    assert status == 0
    assert told[1] == "1 seals of the audit log were made with another AZORA_SECRET_KEY: not checked"


def test_without_a_secret_key_nothing_is_sealed(shop: Shop) -> None:
    record_on(days_ago(1))
    nothing = type(shop.settings.secret_key)("")
    seal_the_audit_log(shop.settings.model_copy(update={"secret_key": nothing}))
    with db.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM audit_seal")) == 0


def test_an_entry_that_was_changed_is_told_and_fails(shop: Shop) -> None:
    record_on(days_ago(1))
    with db.transaction() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE audit_entry SET actor_name = 'Bob'"))
    status, told = proven(shop)
    assert status == 1
    assert told[0].startswith("audit_entry_changed: Audit entry ")
    assert told[-1] == "1 differences"
