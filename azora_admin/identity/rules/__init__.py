"""What people, their sessions and their tokens may be. Pure."""

from azora_admin.identity.rules.people import (
    ACCESS_TOKEN_LIFE,
    ROLES,
    SESSION_LONGEST,
    STAFF,
    NewPerson,
    SignedIn,
    check_sign_up,
    is_session_live,
    normalized_email,
)

__all__ = [
    "ACCESS_TOKEN_LIFE",
    "ROLES",
    "SESSION_LONGEST",
    "STAFF",
    "NewPerson",
    "SignedIn",
    "check_sign_up",
    "is_session_live",
    "normalized_email",
]
