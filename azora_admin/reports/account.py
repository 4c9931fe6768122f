"""What a signed-in person sees of themselves: what they can open, and what became of their payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core.ids import PaymentId, PersonId
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.identity.queries.people import is_email_confirmed
from azora_admin.identity.tables import Person
from azora_admin.marketplace.tables import AccessGrant, Course
from azora_admin.payments.tables import Payment
from azora_admin.reports.keyset import newest_first
from azora_admin.reports.payment_documents import DocumentRow, document_rows
from azora_admin.reports.payment_rows import PaymentRow, payment_row, payment_rows

SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Grant:
    """One reason why the person may open a course."""

    title: str
    instructor: str
    reason: str
    payment_id: PaymentId | None
    since: datetime


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Live grants, the newest first (at most ``SHOWN``), and one page of payments with their documents."""

    is_email_confirmed: bool
    grants: Sequence[Grant]
    payments: Page[PaymentRow]
    documents: Sequence[DocumentRow]

    def documents_of(self, payment_id: PaymentId) -> Sequence[DocumentRow]:
        """The receipt of a payment on the page, and what followed it."""
        return [one for one in self.documents if one.payment_id == payment_id]


def account_page(session: Session, *, person_id: PersonId, limit: int, cursor: Cursor | None) -> AccountPage:
    """The person's own page. Four statements; use a snapshot."""
    payments = _payments(session, person_id, limit=limit, cursor=cursor)
    return AccountPage(
        is_email_confirmed(session, person_id),
        _grants(session, person_id),
        payments,
        document_rows(session, [one.id for one in payments.items]),
    )


def _grants(session: Session, person_id: PersonId) -> Sequence[Grant]:
    rows = session.execute(
        select(Course.title, Person.name, AccessGrant.reason, AccessGrant.payment_id, AccessGrant.created_at)
        .join(Course, Course.id == AccessGrant.course_id)
        .join(Person, Person.id == Course.instructor_id)
        .where(AccessGrant.learner_id == person_id, AccessGrant.ended_at.is_(None))
        .order_by(AccessGrant.created_at.desc(), AccessGrant.id.desc())
        .limit(SHOWN)
    ).all()
    return [Grant(row.title, row.name, row.reason, row.payment_id, row.created_at) for row in rows]


def _payments(
    session: Session, person_id: PersonId, *, limit: int, cursor: Cursor | None
) -> Page[PaymentRow]:
    mine = payment_rows().where(Payment.payer_id == person_id)
    rows = session.execute(
        newest_first(mine, Payment.created_at, Payment.id, limit=limit, cursor=cursor)
    ).all()
    return page_of(
        [payment_row(row) for row in rows],
        limit=limit,
        cursor=cursor,
        key=lambda row: (row.created_at, row.id),
    )
