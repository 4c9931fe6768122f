"""A row's revision: a hash that PostgreSQL makes of the whole row as it is read, which no writer can forget to move.

A column that every writer has to remember (``changed_at``, ``version``) is one forgetful ``UPDATE`` away from telling
somebody that nothing has changed, and a restored database counts it anew. docs/decisions/0009 has the rest.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, literal_column

from azora_admin.core.db import Base


def revision(table: type[Base]) -> ColumnElement[int]:
    """The column to read beside the others of ``table``: two rows that differ have different ones (64 bits)."""
    return literal_column(f"hash_record_extended({table.__tablename__}.*, 0)", BigInteger).label("revision")
