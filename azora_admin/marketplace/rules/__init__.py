"""What a course may be, and what counts as learning. Pure."""

from azora_admin.marketplace.rules.courses import (
    INSTRUCTOR_BASIS_POINTS,
    LEVELS,
    CourseDraft,
    check_course,
    check_shares,
    slug_of,
)

__all__ = [
    "INSTRUCTOR_BASIS_POINTS",
    "LEVELS",
    "CourseDraft",
    "check_course",
    "check_shares",
    "slug_of",
]
