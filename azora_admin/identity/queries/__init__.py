"""Reading people and sessions."""

from azora_admin.identity.queries.people import as_signed_in, find_person_by_email, get_person
from azora_admin.identity.queries.sessions import find_session, token_hash

__all__ = ["as_signed_in", "find_person_by_email", "find_session", "get_person", "token_hash"]
