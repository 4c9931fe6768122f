"""Reading courses, split agreements and grants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, literal_column, select, tuple_
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import AgreementId, CourseId, PaymentId, PersonId
from azora_admin.core.money import Money
from azora_admin.core.paging import Cursor, Page, page_of
from azora_admin.core.revisions import revision
from azora_admin.core.statements import Statement, rows
from azora_admin.marketplace.tables import AccessGrant, Course, SplitAgreement, SplitShare


@dataclass(frozen=True, slots=True)
class CourseView:
    """A course as it stands on the shelf; ``revision`` is another one for each state of its row."""

    id: CourseId
    instructor_id: PersonId
    title: str
    slug: str
    summary: str
    category: str
    level: str
    language: str
    status: str
    price: Money
    published_at: datetime | None
    revision: int


@dataclass(frozen=True, slots=True)
class Split:
    """A split agreement: parties and their basis points; the rest is the platform's."""

    agreement_id: AgreementId
    version: int
    shares: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Reason:
    """One live grant: why the learner may open the course."""

    reason: str
    payment_id: PaymentId | None
    since: datetime


_COLUMNS = (
    Course.id,
    Course.instructor_id,
    Course.title,
    Course.slug,
    Course.summary,
    Course.category,
    Course.level,
    Course.language,
    Course.status,
    Course.price_minor,
    Course.currency,
    Course.published_at,
    revision(Course),
)


def get_course(session: Session, course_id: CourseId) -> CourseView:
    """A published course. Raises NotFound ``course_not_found`` for any other."""
    row = session.execute(
        select(*_COLUMNS).where(Course.id == course_id, Course.status == "published")
    ).one_or_none()
    if row is None:
        raise NotFound("course_not_found", "There is no such course.")
    return _view(row)


def list_courses(session: Session, *, limit: int, cursor: Cursor | None) -> Page[CourseView]:
    """The shelf: published courses, newest first, one keyset page in one statement."""
    if cursor:
        found = rows(session, _shelf_after(limit + 1), {"at": cursor.at, "id": cursor.id})
    else:
        found = rows(session, _shelf_from_start(limit + 1), {})
    return page_of([_view(row) for row in found], limit=limit, cursor=cursor, key=_shelf_key)


def get_split(session: Session, course_id: CourseId, *, at: datetime) -> Split:
    """The agreement in force for the course at ``at``. Raises NotFound when there is none yet."""
    agreement = session.execute(
        select(SplitAgreement.id, SplitAgreement.version)
        .where(SplitAgreement.course_id == course_id, SplitAgreement.effective_at <= at)
        .order_by(SplitAgreement.effective_at.desc(), SplitAgreement.version.desc())
        .limit(1)
    ).one_or_none()
    if agreement is None:
        raise NotFound("split_not_found", "This course has no split agreement yet.")
    return Split(AgreementId(agreement.id), agreement.version, _shares(session, AgreementId(agreement.id)))


def get_split_version(session: Session, agreement_id: AgreementId) -> Split:
    """The agreement that a sale froze. Raises NotFound."""
    version = session.scalar(select(SplitAgreement.version).where(SplitAgreement.id == agreement_id))
    if version is None:
        raise NotFound("split_not_found", "There is no such split agreement.")
    return Split(agreement_id, version, _shares(session, agreement_id))


def live_reasons(session: Session, *, learner_id: PersonId, course_id: CourseId) -> list[Reason]:
    """Every live grant of the learner for the course, oldest first; access is that there is one."""
    grants = session.execute(
        select(AccessGrant.reason, AccessGrant.payment_id, AccessGrant.created_at)
        .where(
            AccessGrant.learner_id == learner_id,
            AccessGrant.course_id == course_id,
            AccessGrant.ended_at.is_(None),
        )
        .order_by(AccessGrant.created_at, AccessGrant.id)
    ).all()
    return [Reason(row.reason, row.payment_id, row.created_at) for row in grants]


def _shares(session: Session, agreement_id: AgreementId) -> dict[str, int]:
    shares = session.execute(
        select(SplitShare.party, SplitShare.basis_points)
        .where(SplitShare.agreement_id == agreement_id)
        .order_by(SplitShare.party)
    ).all()
    return {row.party: row.basis_points for row in shares}


@lru_cache(maxsize=128)
def _shelf_from_start(count: int) -> Statement:
    return Statement(_shelf(count))


@lru_cache(maxsize=128)
def _shelf_after(count: int) -> Statement:
    place = tuple_(bindparam("at"), bindparam("id"))
    return Statement(_shelf(count).where(tuple_(Course.published_at, Course.id) < place))


def _shelf(count: int) -> Select[*tuple[Any, ...]]:
    # Status and count are part of the wording, so that one plan serves: the partial index, and few rows of it.
    published = Course.status == literal_column("'published'")
    newest_first = (Course.published_at.desc(), Course.id.desc())
    return select(*_COLUMNS).where(published).order_by(*newest_first).limit(literal_column(str(count)))


def _shelf_key(course: CourseView) -> tuple[datetime, CourseId]:
    if course.published_at is None:
        raise ValueError("a course on the shelf has been published")
    return course.published_at, course.id


def _view(row: Sequence[Any]) -> CourseView:
    *fields, price_minor, currency, published_at, revised = row
    fields += Money(price_minor, currency), published_at, revised
    return CourseView(*fields)
