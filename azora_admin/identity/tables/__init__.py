"""Tables of identity: people and what lets them in."""

from azora_admin.identity.tables.people import Person
from azora_admin.identity.tables.sessions import PersonSession

__all__ = ["Person", "PersonSession"]
