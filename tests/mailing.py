"""The worker's part of a mail, done at once: jobs that mail links, and mails into the demo's mailbox."""

from __future__ import annotations

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.core.ids import PersonId
from azora_admin.flows import confirming, resetting
from azora_admin.jobs import mail as mail_jobs
from azora_admin.messaging import mailbox, outbox
from azora_admin.messaging.mailbox import Arrived

_TAKE = text(
    "DELETE FROM procrastinate_jobs WHERE id = (SELECT min(id) FROM procrastinate_jobs WHERE status = 'todo'"
    " AND (task_name LIKE 'accounts.%' OR task_name = 'mail.send')) RETURNING task_name, args"
)


def work(settings: Settings) -> Sequence[Arrived]:
    """Do every waiting job that has to do with mails. Returns what is in the mailbox then, the newest first."""
    secret = settings.secret_key.get_secret_value()
    while True:
        with db.transaction() as session:
            job = session.execute(_TAKE).one_or_none()
        if job is None:
            break
        _do(job.task_name, job.args, settings, secret)
    with db.reading() as session:
        return mailbox.newest(session)


def _do(name: str, args: dict[str, str], settings: Settings, secret: str) -> None:
    if name == outbox.SEND_MAIL:
        mail_jobs.send(UUID(args["mail_id"]), mail_jobs.postbox(settings), settings)
    elif name == outbox.MAIL_RESET:
        resetting.mail_link(args["email"], secret_key=secret)
    elif name == outbox.MAIL_CONFIRMATION:
        confirming.mail_link(PersonId(UUID(args["person_id"])), secret_key=secret)
    else:
        assert name == outbox.MAIL_NEW_EMAIL
        confirming.mail_link_to_new(PersonId(UUID(args["person_id"])), args["email"], secret_key=secret)


def link_in(mail: Arrived) -> str:
    """The path of the link in a mail."""
    found = re.search(r"^http://127\.0\.0\.1:8000(/\S+)$", mail.text, re.MULTILINE)
    assert found, mail.text
    return found[1]
