"""Tables of the marketplace: courses, split agreements, access grants, and what was learned."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from azora_admin.core.db import Base


class Course(Base):
    """A course and its price. ``version`` counts edits; a stale save is refused by it."""

    __tablename__ = "course"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    instructor_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    title: Mapped[str] = mapped_column(Text)
    slug: Mapped[str] = mapped_column(Text, unique=True)
    summary: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    level: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    price_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    published_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(Integer)


class CourseKey(Base):
    """One way in which a course's title begins, kept by the database: the title from each of its words on."""

    __tablename__ = "course_key"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("course.id", ondelete="CASCADE"), primary_key=True)


class SplitAgreement(Base):
    """How a course's sales are shared from ``effective_at`` on. Never changed: a new version replaces it."""

    __tablename__ = "split_agreement"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("course.id"))
    version: Mapped[int] = mapped_column(Integer)
    effective_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class SplitShare(Base):
    """One party's share in basis points; what is left of 10,000 is the platform's."""

    __tablename__ = "split_share"

    agreement_id: Mapped[UUID] = mapped_column(ForeignKey("split_agreement.id"), primary_key=True)
    party: Mapped[str] = mapped_column(Text, primary_key=True)
    basis_points: Mapped[int] = mapped_column(Integer)


class AccessGrant(Base):
    """A reason why a learner may open a course; live until ``ended_at``, for ``end_reason``."""

    __tablename__ = "access_grant"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    course_id: Mapped[UUID] = mapped_column(ForeignKey("course.id"))
    reason: Mapped[str] = mapped_column(Text)
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment.id"))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    end_reason: Mapped[str | None] = mapped_column(Text)


class Lesson(Base):
    """A lesson of a course, in its order."""

    __tablename__ = "lesson"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("course.id"))
    position: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(Text)


class Enrolment(Base):
    """That a learner is in a course: one row, however often access ended and came back."""

    __tablename__ = "enrolment"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    learner_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    course_id: Mapped[UUID] = mapped_column(ForeignKey("course.id"))
    enrolled_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class LearningStep(Base):
    """A lesson was opened or completed: ``at`` by the app's clock, ``told_at`` by ours. Only ever added.

    ``address`` is the network address that told of it.
    """

    __tablename__ = "learning_step"

    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"), primary_key=True)
    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lesson.id"))
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    told_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    address: Mapped[str] = mapped_column(Text)
