"""What counts as learning: steps that the apps tell of, and how far they lead. Pure.

A step is told by an app, maybe hours after it happened and more than once; when it happened is the app's word, when we
heard of it is ours, and both are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

from azora_admin.core.errors import FieldError, Invalid

StepKind: TypeAlias = Literal["opened", "completed"]
# A phone's clock may be a little ahead of ours.
_AHEAD: Final = timedelta(minutes=5)
_WHOLE: Final = 100  # per cent


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a learner came in a course: of its ``lessons``, so many were ever opened, so many completed."""

    lessons: int
    opened: int
    completed: int

    @property
    def percent(self) -> int:
        """Completed lessons in whole per cent, rounded down: 100 means every one. A course without lessons has 0."""
        return self.completed * _WHOLE // self.lessons if self.lessons else 0


NO_PROGRESS: Final = Progress(0, 0, 0)


def check_time(at: datetime, *, enrolled_at: datetime, now: datetime, field: str) -> None:
    """Raises Invalid naming ``field`` unless a step may have happened ``at``: while enrolled, and not in the future."""
    if at > now + _AHEAD:
        raise Invalid([FieldError(field, "in_the_future", "Send a time that is not in the future.")])
    if at < enrolled_at - _AHEAD:
        raise Invalid([FieldError(field, "before_enrolment", "Send a time after the learner was enrolled.")])
