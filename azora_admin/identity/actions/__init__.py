"""Changing people, their passwords, their sessions and their keys."""

from azora_admin.identity.actions.api_keys import create_key, note_key_use, revoke_key
from azora_admin.identity.actions.machines import add_machine
from azora_admin.identity.actions.passwords import check_password, hash_password
from azora_admin.identity.actions.people import add_person
from azora_admin.identity.actions.sessions import (
    end_other_sessions,
    end_session,
    prove_session,
    sign_out,
    start_session,
    touch_session,
)

__all__ = [
    "add_machine",
    "add_person",
    "check_password",
    "create_key",
    "end_other_sessions",
    "end_session",
    "hash_password",
    "note_key_use",
    "prove_session",
    "revoke_key",
    "sign_out",
    "start_session",
    "touch_session",
]
