"""Whoever gives a command at the machine is named in the audit log."""

from __future__ import annotations

import os
import pwd

import pytest

from azora_admin.core import db
from azora_admin.launch.operator import at_the_machine, note_retry
from tests.audited import audited


def test_the_actor_of_a_command_is_the_user_of_the_machine() -> None:
    actor = at_the_machine()
    assert (actor.name, actor.via) == (pwd.getpwuid(os.getuid()).pw_name, "command")
    assert actor.person_id is None


@pytest.mark.usefixtures("database")
def test_a_retry_is_recorded_with_what_was_tried_again() -> None:
    with db.transaction() as session:
        note_retry(session, "mail", [f"m{number}" for number in range(60)])
    (entry,) = audited("mail.retried")
    assert entry.after == {"count": 60, "first_ids": [f"m{number}" for number in range(50)]}


@pytest.mark.usefixtures("database")
def test_a_retry_of_nothing_is_no_change() -> None:
    with db.transaction() as session:
        note_retry(session, "mail", [])
    assert audited() == []
