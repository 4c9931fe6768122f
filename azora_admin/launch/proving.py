"""``azora verify`` in words: what differs, what is waited for, and the seal that is worth writing down."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from azora_admin.core import db
from azora_admin.core.config import Settings
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.ledger.queries.proofs import Difference
from azora_admin.reports.audit_proof import AuditVerdict, prove_audit
from azora_admin.reports.verification import verify

Say = Callable[[str], None]


def prove(settings: Settings, say: Say) -> int:
    """Prove the audit log, then the books. Returns the exit status: 1 when anything differs.

    Raises NoAnswer when Stripe is silent; what was found of the audit log has been said by then.
    """
    with db.exact_snapshot() as session:
        log = prove_audit(session, secret_key=settings.secret_key.get_secret_value())
    _tell(log.differences, say)
    _tell_seals(log, say)
    books = verify(StripeConnection(settings))
    _tell(books.differences, say)
    if books.waiting:
        say(f"{books.waiting} charges or refunds at Stripe are about to be booked here")
    found = len(log.differences) + len(books.differences)
    say(f"{found} differences" if found else "the audit log, the ledger, the sales and Stripe agree")
    return 1 if found else 0


def _tell(differences: Sequence[Difference], say: Say) -> None:
    for difference in differences:
        say(f"{difference.code}: {difference.sentence}")


def _tell_seals(log: AuditVerdict, say: Say) -> None:
    if log.latest:
        say(f"the audit log is sealed until {log.latest.day}: {log.latest.hash.hex()}")
    if log.foreign:
        say(f"{log.foreign} seals of the audit log were made with another AZORA_SECRET_KEY: not checked")
