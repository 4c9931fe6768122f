"""What people, their sessions and their tokens may be. Pure."""

from azora_admin.identity.rules.audit import Subject
from azora_admin.identity.rules.callers import CLOCKWORK, Actor, SignedIn
from azora_admin.identity.rules.people import NewPerson, check_sign_up, normalized_email
from azora_admin.identity.rules.permissions import PEOPLE, ROLES, STAFF, Action
from azora_admin.identity.rules.sessions import ACCESS_TOKEN_LIFE, SESSION_LONGEST, is_session_live

__all__ = [
    "ACCESS_TOKEN_LIFE",
    "CLOCKWORK",
    "PEOPLE",
    "ROLES",
    "SESSION_LONGEST",
    "STAFF",
    "Action",
    "Actor",
    "NewPerson",
    "SignedIn",
    "Subject",
    "check_sign_up",
    "is_session_live",
    "normalized_email",
]
