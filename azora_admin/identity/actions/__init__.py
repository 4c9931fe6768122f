"""Changing people, their passwords and their sessions."""

from azora_admin.identity.actions.passwords import check_password, hash_password
from azora_admin.identity.actions.people import add_person
from azora_admin.identity.actions.sessions import sign_in, sign_out, start_session, touch_session

__all__ = [
    "add_person",
    "check_password",
    "hash_password",
    "sign_in",
    "sign_out",
    "start_session",
    "touch_session",
]
