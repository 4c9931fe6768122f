"""Reading courses, split agreements, grants and learning."""

from azora_admin.marketplace.queries.courses import (
    CourseView,
    Reason,
    Split,
    get_course,
    get_split,
    get_split_version,
    list_courses,
    live_reasons,
)
from azora_admin.marketplace.queries.learning import (
    EnrolmentView,
    StepView,
    find_progress,
    get_enrolment,
    list_enrolments,
    steps_of,
)

__all__ = [
    "CourseView",
    "EnrolmentView",
    "Reason",
    "Split",
    "StepView",
    "find_progress",
    "get_course",
    "get_enrolment",
    "get_split",
    "get_split_version",
    "list_courses",
    "list_enrolments",
    "live_reasons",
    "steps_of",
]
