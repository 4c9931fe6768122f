"""A new refund policy, for what is bought from now on: the very one that was simulated."""

from __future__ import annotations

from sqlalchemy.orm import Session

from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import refund_policies
from azora_admin.payments.rules.refund_policy import Policy, check_change, refuse_unsimulated


def change(
    session: Session, staff: SignedIn, actor: Actor, policy: Policy, *, why: str, simulated: str
) -> None:
    """Put ``policy`` in force. ``simulated`` is the digest that its simulation was named by.

    Raises Invalid naming fields, Conflict ``not_simulated`` or ``stale_version``.
    """
    checked, reason = check_change(policy, why)
    refund_policies.lock(session)
    before = payments.policy_in_force(session)
    refuse_unsimulated(checked, simulated=simulated, in_force=before.version)
    refund_policies.add_version(session, checked, why=reason, created_by=staff.person_id)
    audit.record(
        session,
        actor,
        act="refund_policy.changed",
        subject=Subject("refund_policy", str(policy.version), f"Refund policy {policy.version}"),
        before=_told(before),
        after=_told(checked),
        why=reason,
    )


def _told(policy: Policy) -> dict[str, object]:
    return {
        "days": policy.days,
        "most_progress": policy.most_progress,
        "automatic_up_to": policy.automatic_up_to,
        "text": policy.text,
    }
