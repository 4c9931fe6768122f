"""Reading people and sessions."""

from azora_admin.identity.queries.api_keys import ApiKeyView, get_key_by_prefix, get_key_holder, list_keys
from azora_admin.identity.queries.people import addresses_of, as_signed_in, find_person_by_email, get_person
from azora_admin.identity.queries.sessions import find_session, token_hash

__all__ = [
    "ApiKeyView",
    "addresses_of",
    "as_signed_in",
    "find_person_by_email",
    "find_session",
    "get_key_by_prefix",
    "get_key_holder",
    "get_person",
    "list_keys",
    "token_hash",
]
