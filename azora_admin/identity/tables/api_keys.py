"""Keys that programs carry."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from azora_admin.core.db import Base


class ApiKey(Base):
    """One API key; only a hash of its text is kept. ``handle`` is the part that may be shown."""

    __tablename__ = "api_key"
    __table_args__ = (
        CheckConstraint("handle ~ '^[0-9A-Za-z]{12}$'", name="handle_form"),
        CheckConstraint("octet_length(secret_hash) = 32", name="hash_is_sha256"),
        CheckConstraint("cardinality(scopes) > 0", name="scopes_named"),
        CheckConstraint("(last_used_at IS NULL) = (last_used_address IS NULL)", name="use_is_whole"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    handle: Mapped[str] = mapped_column(Text, unique=True)
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_address: Mapped[str | None] = mapped_column(Text)
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
