"""What speaks for us in a dispute: who bought what under which terms, and what they did with it. Read, never made up.

Where nothing is known, the packet says so: a bank that finds one invented line believes none of the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from azora_admin.core.ids import CourseId, DisputeId, PaymentId, PersonId
from azora_admin.core.money import money_text
from azora_admin.identity.tables import PersonSession
from azora_admin.marketplace.queries.learning import find_progress, steps_of
from azora_admin.messaging.tables import Mail
from azora_admin.payments.queries import documents_of
from azora_admin.payments.queries.refund_policies import policy_of_payment, policy_told
from azora_admin.payments.tables import Payment
from azora_admin.reports.dispute_list import DisputeRow, dispute_line

_SIGN_INS: Final = 40
_STEPS: Final = 200
_MAILS: Final = 40
_LONGEST: Final = 20_000
_NO_RECORD: Final = "No record."


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the packet: a heading, what it says, and a table (``columns`` of its ``rows``)."""

    title: str
    note: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


@dataclass(frozen=True, slots=True)
class Packet:
    """What the PDF says, and the fields that Stripe passes on beside it. ``at`` dates the document."""

    dispute: DisputeRow
    at: datetime
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]
    fields: Mapping[str, str]

    def as_json(self) -> Mapping[str, Any]:
        """The layout's data."""
        return {
            "title": "Evidence",
            "number": f"Dispute {self.dispute.stripe_dispute_id}",
            "facts": [list(one) for one in self.facts],
            "sections": [
                {
                    "title": one.title,
                    "note": one.note,
                    "columns": list(one.columns),
                    "rows": [list(row) for row in one.rows],
                }
                for one in self.sections
            ],
        }


def evidence_packet(session: Session, dispute_id: DisputeId) -> Packet:
    """What speaks for us. Raises NotFound. Eight statements; use a snapshot."""
    dispute = dispute_line(session, dispute_id)
    paid, policy = session.execute(
        select(Payment, policy_of_payment()).where(Payment.id == dispute.payment_id)
    ).one()
    terms = policy_told(policy).text
    learning = _learning(session, dispute.payer_id, paid)
    sections = [
        _receipt(session, dispute.payment_id),
        Section("Refund policy shown at the purchase", terms or _NO_RECORD),
        *learning,
        _sign_ins(session, dispute.payer_id),
        _mails(session, dispute.payer_email),
    ]
    return Packet(
        dispute, dispute.opened_at, _facts(dispute, paid), sections, _fields(dispute, paid, terms, sections)
    )


def _facts(dispute: DisputeRow, paid: Payment) -> Sequence[tuple[str, str]]:
    card = f"{(paid.method_brand or 'card').capitalize()} ending in {paid.method_last4 or '----'}"
    return [
        ("Customer", dispute.payer_name),
        ("E-mail", dispute.payer_email),
        ("Bought", dispute.title),
        ("Disputed", money_text(dispute.amount)),
        ("Ordered", _time(paid.created_at)),
        ("Paid", _time(paid.settled_at)),
        ("Paid with", card),
        ("Charge", paid.stripe_charge_id or _NO_RECORD),
    ]


def _receipt(session: Session, payment_id: PaymentId) -> Section:
    rows = [
        (one.number, one.kind.replace("_", " "), money_text(one.total), _time(one.issued_at))
        for one in documents_of(session, [payment_id])
    ]
    return _table("Receipts and credit notes", ("Number", "Kind", "Total", "Given out"), rows)


def _learning(session: Session, payer_id: PersonId, paid: Payment) -> Sequence[Section]:
    if paid.course_id is None:
        return [Section("Use of the course", "The payment is not for a course.")]
    course_id = CourseId(paid.course_id)
    progress = find_progress(session, learner_id=payer_id, course_id=course_id)
    steps = steps_of(session, learner_id=payer_id, course_id=course_id, limit=_STEPS)
    said = (
        f"{progress.opened} of {progress.lessons} lessons opened, {progress.completed} completed "
        f"({progress.percent} %)."
    )
    rows = [(_time(one.at), one.kind, f"{one.position}. {one.lesson}", one.address) for one in steps]
    table = _table("Lessons opened and completed", ("When (UTC)", "What", "Lesson", "From"), rows)
    return [Section("Progress in the course", said if progress.lessons else _NO_RECORD), table]


def _sign_ins(session: Session, payer_id: PersonId) -> Section:
    found = session.execute(
        select(PersonSession.created_at, PersonSession.address, PersonSession.user_agent)
        .where(PersonSession.person_id == payer_id)
        .order_by(PersonSession.created_at.desc())
        .limit(_SIGN_INS)
    )
    rows = [(_time(row.created_at), row.address, row.user_agent[:120]) for row in found]
    return _table("Sign-ins to the account", ("When (UTC)", "From", "With"), rows)


def _mails(session: Session, address: str) -> Section:
    found = session.execute(
        select(Mail.sent_at, Mail.kind)
        .where(Mail.to_address == address, Mail.state == "sent")
        .order_by(Mail.sent_at.desc())
        .limit(_MAILS)
    )
    rows = [(_time(row.sent_at), row.kind.replace("_", " ")) for row in found]
    return _table("Mails sent to the customer", ("When (UTC)", "About"), rows)


def _fields(dispute: DisputeRow, paid: Payment, terms: str, sections: Sequence[Section]) -> Mapping[str, str]:
    log = "\n".join(
        f"{section.title}: " + " | ".join(row)
        for section in sections
        if section.title.startswith(("Lessons", "Sign-ins"))
        for row in section.rows
    )
    told = {
        "customer_name": dispute.payer_name,
        "customer_email_address": dispute.payer_email,
        "product_description": f"Online course “{dispute.title}”, open to the customer from the payment on.",
        "service_date": f"{paid.settled_at:%Y-%m-%d}" if paid.settled_at else "",
        "refund_policy_disclosure": terms,
        "access_activity_log": log,
    }
    return {name: value[:_LONGEST] for name, value in told.items() if value}


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Section:
    return Section(title, "" if rows else _NO_RECORD, columns if rows else (), rows)


def _time(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else _NO_RECORD
