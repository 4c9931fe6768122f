"""Changing courses, who may open them, and what was learned in them."""

from azora_admin.marketplace.actions.access import end_access, grant_access, restore_access
from azora_admin.marketplace.actions.courses import agree_split, create_course
from azora_admin.marketplace.actions.learning import add_lessons, record_step

__all__ = [
    "add_lessons",
    "agree_split",
    "create_course",
    "end_access",
    "grant_access",
    "record_step",
    "restore_access",
]
