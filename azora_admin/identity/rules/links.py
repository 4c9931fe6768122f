"""One-time links: what they are for, how long they are good, and how many are mailed. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

from azora_admin.core.errors import DomainError

Purpose = Literal["confirm_email", "change_email", "reset_password"]

LINK_LIFE: Final[dict[Purpose, timedelta]] = {
    "confirm_email": timedelta(hours=24),
    "change_email": timedelta(hours=24),
    "reset_password": timedelta(hours=1),
}
# So many mails of one kind may one account cause within that time: enough to try again, too few to annoy somebody.
MOST_MAILS: Final = 3
WITHIN: Final = timedelta(hours=1)


class LinkOver(DomainError):
    """The link was used, is too old, was replaced by a newer one, or never was."""

    def __init__(self) -> None:
        super().__init__(410, "link_over", "This link was used already, or it is too old. Ask for a new one.")
