"""Who is told of second factors that come and go: the audit log, and their person by mail."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from azora_admin.core import db
from azora_admin.core.clock import FixedClock
from azora_admin.identity import actions
from azora_admin.identity.actions import factors
from azora_admin.identity.actions.app_sessions import start_app_session
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.tables import AuditEntry
from azora_admin.messaging.tables import Mail
from tests.audited import audited
from tests.identity.having import ACTOR, add, add_app, add_passkey, factors_of, use

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def lena(test_clock: FixedClock) -> SignedIn:
    """A learner, signed in."""
    return add("lena@example.com", "learner")


def told() -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(mail.to_address, mail.kind) for mail in session.scalars(select(Mail).order_by(Mail.id))]


def noted() -> list[tuple[str, object, object]]:
    with db.reading() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id))
        return [(row.act, row.before, row.after) for row in rows]


def test_each_change_is_noted_and_told(lena: SignedIn) -> None:
    _, codes = add_app(lena, "Visit evil.example now")
    add_passkey(lena)
    assert use(lena, codes[0])
    with db.transaction() as session:
        factors.renew_recovery_codes(session, ACTOR, lena)
        factors.remove_factor(session, ACTOR, lena, factors_of(lena)[0].id, required=False)
    assert noted() == [
        ("factor.added", None, {"kind": "app", "name": "Visit evil.example now"}),
        ("factor.added", None, {"kind": "passkey", "name": "My laptop"}),
        ("recovery_codes.used", None, {"left": 9}),
        ("recovery_codes.made", None, {}),
        ("factor.removed", {"kind": "app", "name": "Visit evil.example now"}, None),
    ]
    kinds = ["factor_added", "factor_added", "recovery_code_used", "recovery_codes_made", "factor_removed"]
    assert told() == [("lena@example.com", kind) for kind in kinds]


def test_no_mail_says_what_somebody_calls_a_factor(lena: SignedIn) -> None:
    add_app(lena, "Visit evil.example now")
    with db.reading() as session:
        letter = session.scalars(select(Mail.letter)).one()
    assert letter == {"what": "an authenticator app", "at": "1 July 2026, 12:00 UTC"}


def test_a_refusal_is_neither_noted_nor_told(lena: SignedIn) -> None:
    add_app(lena)
    before = noted(), told()
    assert not use(lena, "000000")
    assert (noted(), told()) == before


def test_what_ends_with_the_first_factor_is_noted_and_why(lena: SignedIn) -> None:
    with db.transaction() as session:
        actions.start_session(session, lena, user_agent="", address="192.0.2.7")
        start_app_session(session, lena, user_agent="", address="192.0.2.8")
    add_app(lena)
    (ended,) = audited("person.signed_out_elsewhere")
    assert (ended.after, ended.why) == ({"ended_sessions_count": 2}, "A second factor was set up.")
    add_passkey(lena)
    assert len(audited("person.signed_out_elsewhere")) == 1
