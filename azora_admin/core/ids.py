"""Identifiers: UUIDv7, made by the application, so that a row's id exists before the row does."""

from __future__ import annotations

from typing import NewType
from uuid import UUID

import uuid_utils.compat

from azora_admin.core.errors import NotFound

PersonId = NewType("PersonId", UUID)
SessionId = NewType("SessionId", UUID)
ApiKeyId = NewType("ApiKeyId", UUID)
FamilyId = NewType("FamilyId", UUID)
CourseId = NewType("CourseId", UUID)
LessonId = NewType("LessonId", UUID)
EnrolmentId = NewType("EnrolmentId", UUID)
AgreementId = NewType("AgreementId", UUID)
PaymentId = NewType("PaymentId", UUID)
RefundId = NewType("RefundId", UUID)
MethodId = NewType("MethodId", UUID)
SetupId = NewType("SetupId", UUID)
DocumentId = NewType("DocumentId", UUID)
RefundRequestId = NewType("RefundRequestId", UUID)
BulkRefundId = NewType("BulkRefundId", UUID)
DisputeId = NewType("DisputeId", UUID)
GrantId = NewType("GrantId", UUID)
EntryId = NewType("EntryId", UUID)


def new_id() -> UUID:
    """A new UUIDv7: ordered by time to the millisecond, random beyond it."""
    return uuid_utils.compat.uuid7()


def parse_id(text: str) -> UUID:
    """The id written as ``text``. Raises NotFound: an id that can't exist is one that isn't there."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None
