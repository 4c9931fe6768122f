"""``azora verify``, the audit log's part: every hash computed anew, every chain walked, every seal tried.

The statements say the encoding themselves and call none of the functions that the law in the database uses: whoever
has changed those as well is found all the same.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from azora_admin.core import sealing
from azora_admin.identity.actions.audit_seals import PURPOSE
from azora_admin.ledger.queries.proofs import Difference


def _written(*fields: str) -> str:
    """SQL that writes each field as its length in bytes, a colon and itself, or a dash for null."""
    return " || ".join(f"coalesce(octet_length({field}) || '\\:' || ({field}), '-')" for field in fields)


def _hash(title: str, *fields: str) -> str:
    return f"sha256(convert_to('{title}' || {_written(*fields)}, 'UTF8'))"


def _micros(at: str) -> str:
    return f"(extract(epoch FROM {at}) * 1000000)::bigint::text"


_ENTRY: Final = _hash(
    "azora audit 1",
    "to_char(l.day, 'YYYY-MM-DD')",
    "l.chain::text",
    "l.number::text",
    "encode(p.hash, 'hex')",
    "e.id::text",
    _micros("e.recorded_at"),
    "e.act",
    "e.subject_kind",
    "e.subject_id",
    "e.subject_label",
    "e.actor_id::text",
    "e.actor_name",
    "e.key_id::text",
    "e.via",
    "e.request_id",
    "e.address",
    "e.why",
    "e.before::text",
    "e.after::text",
)
_DIGEST: Final = (
    "sha256(convert_to('azora audit heads 1' || string_agg("
    + _written("h.chain::text", "h.number::text", "encode(h.hash, 'hex')")
    + ", '' ORDER BY h.chain), 'UTF8'))"
)
_SEAL: Final = _hash(
    "azora audit seal 1",
    "to_char(s.day, 'YYYY-MM-DD')",
    "s.entries::text",
    "encode(s.digest, 'hex')",
    "encode(s.previous, 'hex')",
    _micros("s.sealed_at"),
)


@dataclass(frozen=True, slots=True)
class _Proof:
    """A query whose every row is a difference; its first column is the subject, ``tell`` makes the sentence."""

    code: str
    sql: str
    tell: Callable[[Row[Any]], str]


def _place(row: Row[Any]) -> str:
    return f"chain {row.chain} of {row.day}"


_PROOFS: Final = (
    _Proof(
        "audit_entry_changed",
        # Joined rather than windowed, so that several processes may share the work.
        f"""SELECT e.id, l.day, l.chain, l.number FROM audit_link l JOIN audit_entry e ON e.id = l.entry_id
              LEFT JOIN audit_link p ON (p.day, p.chain, p.number) = (l.day, l.chain, l.number - 1)
             WHERE (l.number = 1 OR p.number IS NOT NULL) AND l.hash <> {_ENTRY}""",  # noqa: S608  # only our own words, here and below
        lambda row: f"Audit entry {row.id}, number {row.number} of {_place(row)}, is not what was recorded.",
    ),
    _Proof(
        "audit_chain_broken",
        """SELECT l.entry_id, l.day, l.chain, l.number_before, l.number
             FROM (SELECT *, lag(number, 1, 0::bigint) OVER (PARTITION BY day, chain ORDER BY number) AS number_before
                     FROM audit_link) l
            WHERE l.number <> l.number_before + 1""",
        lambda row: (
            f"In {_place(row)} of the audit log, number {row.number} follows number {row.number_before}."
        ),
    ),
    _Proof(
        "audit_entry_missing",
        """SELECT l.entry_id, l.day, l.chain, l.number FROM audit_link l
            WHERE NOT EXISTS (SELECT FROM audit_entry e WHERE e.id = l.entry_id)""",
        lambda row: f"Audit entry {row.entry_id}, number {row.number} of {_place(row)}, is gone.",
    ),
    _Proof(
        "audit_entry_unlinked",
        "SELECT e.id FROM audit_entry e WHERE NOT EXISTS (SELECT FROM audit_link l WHERE l.entry_id = e.id)",
        lambda row: f"Audit entry {row.id} stands in no chain.",
    ),
    _Proof(
        "audit_head_differs",
        """SELECT day, chain, coalesce(h.number, 0) AS number, coalesce(l.number, 0) AS linked
             FROM audit_head h FULL JOIN (
               SELECT DISTINCT ON (day, chain) day, chain, number, hash
                 FROM audit_link ORDER BY day, chain, number DESC) l
            USING (day, chain)
            WHERE (coalesce(h.number, 0), h.hash) IS DISTINCT FROM (coalesce(l.number, 0), l.hash)""",
        lambda row: (
            f"The head of {_place(row)} of the audit log stands at number {row.number},"
            f" its last entry is number {row.linked}."
        ),
    ),
    _Proof(
        "audit_seal_broken",
        f"""SELECT s.day FROM (
              SELECT *, lag(day) OVER days AS day_before, lag(hash) OVER days AS hash_before
                FROM audit_seal WINDOW days AS (ORDER BY day)) s
              LEFT JOIN (
              SELECT day, sum(number) AS entries, count(*) AS chains, bool_and(sealed) AS sealed, {_DIGEST} AS digest
                FROM audit_head h GROUP BY day) heads USING (day)
             WHERE (s.entries, s.digest, 16, true) IS DISTINCT FROM
                   (heads.entries, heads.digest, heads.chains, heads.sealed)
                OR s.previous IS DISTINCT FROM s.hash_before
                OR s.day <> s.day_before + 1
                OR s.hash <> {_SEAL}""",  # noqa: S608
        lambda row: f"The seal of {row.day} does not close what the audit log has of that day.",
    ),
    _Proof(
        "audit_seal_missing",
        """SELECT DISTINCT h.day FROM audit_head h WHERE NOT EXISTS (SELECT FROM audit_seal s WHERE s.day = h.day)
              AND (h.sealed OR h.day < (SELECT max(day) FROM audit_seal))""",
        lambda row: f"The seal of {row.day} is gone from the audit log.",
    ),
)
_MARKS: Final = """SELECT s.day, s.hash, m.key_id, m.mark
    FROM audit_seal s LEFT JOIN audit_mark m ON m.day = s.day ORDER BY s.day, m.key_id"""


@dataclass(frozen=True, slots=True)
class LatestSeal:
    """The newest seal: whoever has written an older one down can compare it with the log of that day."""

    day: date
    hash: bytes


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """``differences`` must be empty. ``foreign`` seals are marked with another secret key: nothing is known of them."""

    differences: Sequence[Difference]
    foreign: int
    latest: LatestSeal | None


def prove_audit(session: Session, *, secret_key: str) -> AuditVerdict:
    """Hold the audit log against itself and against our marks. ``session`` must see one moment."""
    marks = session.execute(text(_MARKS)).all()
    found = [*_differences(session), *_broken_marks(marks, secret_key)]
    foreign = {row.day for row in marks if row.key_id} - _days_of(marks, _key_id(secret_key))
    latest = LatestSeal(marks[-1].day, marks[-1].hash) if marks else None
    return AuditVerdict(found, len(foreign), latest)


def _differences(session: Session) -> Iterator[Difference]:
    for proof in _PROOFS:
        for row in session.execute(text(proof.sql)):
            yield Difference(proof.code, str(row[0]), proof.tell(row))


def _broken_marks(marks: Sequence[Row[Any]], secret_key: str) -> Iterator[Difference]:
    for row in marks:
        ours = sealing.mark(secret_key, PURPOSE, row.hash)
        if row.key_id is None:
            yield Difference(
                "audit_seal_unmarked", str(row.day), f"The seal of {row.day} was not made by this program."
            )
        elif row.key_id == ours.key_id and not hmac.compare_digest(row.mark, ours.value):
            sentence = f"The seal of {row.day} is another than this program has marked."
            yield Difference("audit_mark_differs", str(row.day), sentence)


def _days_of(marks: Sequence[Row[Any]], key_id: str) -> set[date]:
    return {row.day for row in marks if row.key_id == key_id}


def _key_id(secret_key: str) -> str:
    return sealing.mark(secret_key, PURPOSE, b"").key_id
