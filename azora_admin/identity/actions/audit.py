"""Writing the audit log: in the transaction of the change itself, so that neither is there without the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy.orm import Session

from azora_admin.core.ids import new_id
from azora_admin.core.statements import Statement, rows
from azora_admin.identity.rules import Actor
from azora_admin.identity.rules.audit import Subject, canonical, check_act

LONGEST_WORDS: Final = 500

_RECORD: Final = Statement(
    """
    INSERT INTO audit_entry (id, act, subject_kind, subject_id, subject_label, actor_id, actor_name, key_id, via,
                             request_id, address, why, before, after)
    VALUES (%(id)s, %(act)s, %(subject_kind)s, %(subject_id)s, %(subject_label)s, %(actor_id)s, %(actor_name)s,
            %(key_id)s, %(via)s, %(request_id)s, %(address)s, %(why)s, %(before)s::json, %(after)s::json)
    RETURNING id
    """
)


def record(
    session: Session,
    actor: Actor,
    *,
    act: str,
    subject: Subject,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    why: str = "",
) -> None:
    """Note in this transaction that ``actor`` did ``act`` to ``subject``.

    ``act`` is a noun and what was done (``person.roles_changed``). ``before`` and ``after`` name the fields that
    changed, or all of what was made or went; None where there was nothing. The database gives the time and, as
    the transaction commits, the place in the chain. Raises ValueError for a field that would tell a secret.
    """
    values = {
        "id": new_id(),
        "act": check_act(act),
        "subject_kind": subject.kind,
        "subject_id": _storable(subject.id),
        "subject_label": _storable(subject.label),
        "actor_id": actor.person_id,
        "actor_name": _storable(actor.name),
        "key_id": actor.key_id,
        "via": actor.via,
        "request_id": _storable(actor.request_id),
        "address": _storable(actor.address),
        "why": _storable(why),
        "before": canonical(before),
        "after": canonical(after),
    }
    rows(session, _RECORD, values)


def _storable(words: str) -> str:
    """``words`` as the database can hold them: a reason or a name may come from outside."""
    return words[:LONGEST_WORDS].replace("\0", "\ufffd").encode(errors="replace").decode()
