"""What was copied of sessions (flows/recognizing.py) is forgotten when something about their people changes."""

from __future__ import annotations

from functools import partial

from sqlalchemy.orm import Session

from azora_admin.core import db
from azora_admin.core.ids import PersonId
from azora_admin.gateways.redis import session_copies


def forget_copies(session: Session, person_id: PersonId) -> None:
    """Once this transaction is over, let no page go by what was known before of the person or their sessions.

    Belongs beside every statement that changes what ``find_session`` answers; a test that does so without it fails
    (tests/forgetting.py).
    """
    db.afterwards(session, partial(_forget, person_id))


def _forget(person_id: PersonId) -> None:
    copies = session_copies.current()
    if copies is not None:
        copies.forget([str(person_id)])
