"""A law that every test enforces: who changes what ``find_session`` answers has the copies forgotten (0026).

Looked at is the SQL that the program itself sends in a transaction, however it came about.
"""

from __future__ import annotations

import contextlib
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

import azora_admin
from azora_admin.core import db
from azora_admin.identity.actions import copies

_PROGRAM: Final = str(Path(azora_admin.__file__).parent)
_WRITE: Final = re.compile(
    r"\s*(INSERT INTO|UPDATE|DELETE FROM) (\w+)(?: SET (.+?)(?: WHERE |$))?", re.DOTALL
)
# What a session's answer is made of. New sessions and new people are in no copy; the last use only lengthens one.
_COLUMNS: Final = {
    "person": {"name", "email", "roles"},
    "person_session": {"person_id", "token_hash", "expires_at", "ended_at", "proved_at"},
    "seeing": {"session_id", "person_id", "until"},
    "authenticator_app": {"person_id"},
    "passkey": {"person_id"},
}
# What stands between whoever changes something and the statement: a flush at the end of a transaction, too.
_ON_THE_WAY: Final = (__file__, db.__file__, contextlib.__file__)
_NEW_COUNTS: Final = {"seeing", "authenticator_app", "passkey"}

_thread = threading.local()


@contextmanager
def watched() -> Iterator[None]:
    """Fail each commit of the program's that changes an answer and forgets no copies."""
    listeners = (
        (Engine, "after_cursor_execute", _note),
        (Session, "before_commit", _check),
        (Session, "after_rollback", _clear),
    )
    for target, name, listener in listeners:
        event.listen(target, name, listener)
    try:
        yield
    finally:
        for target, name, listener in listeners:
            event.remove(target, name, listener)


def changes_an_answer(statement: str) -> bool:
    """Whether a statement can change what ``find_session`` answers for a session that there is."""
    write = _WRITE.match(statement)
    if write is None or write[2] not in _COLUMNS:
        return False
    if write[1] == "INSERT INTO":
        return write[2] in _NEW_COUNTS
    set_ = set(re.findall(r"(\w+)=", write[3] or ""))
    return write[1] == "DELETE FROM" or bool(set_ & _COLUMNS[write[2]])


def _note(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
    if changes_an_answer(statement) and cursor.rowcount and _is_the_program():
        _thread.changes = [*getattr(_thread, "changes", []), statement]


def _check(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    changes: list[str] = getattr(_thread, "changes", [])
    _clear(session)
    if changes and not any(_forgets(act) for act in db.acts_afterwards(session)):
        raise AssertionError(f"forget_copies() is missing beside: {changes}")


def _clear(_session: Session) -> None:
    _thread.changes = []


def _forgets(act: object) -> bool:
    return isinstance(act, partial) and act.func.__module__ == copies.__name__


def _is_the_program() -> bool:
    """Whether the statement was run by the program, not by a test that sets its stage."""
    frame = sys._getframe(1)
    while frame.f_back is not None and (
        "sqlalchemy" in frame.f_code.co_filename or frame.f_code.co_filename in _ON_THE_WAY
    ):
        frame = frame.f_back
    return frame.f_code.co_filename.startswith(_PROGRAM)
