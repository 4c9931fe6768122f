"""A new refund policy, for what is bought from now on."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from azora_admin.identity.actions import audit
from azora_admin.identity.rules import Actor, SignedIn, Subject
from azora_admin.payments import queries as payments
from azora_admin.payments.actions import refund_policies
from azora_admin.payments.rules.refund_policy import Policy, check_policy


def change(session: Session, staff: SignedIn, actor: Actor, policy: Policy, *, why: str) -> None:
    """Put ``policy`` in force. Raises Invalid naming fields, Conflict ``stale_version``."""
    words, reason = check_policy(
        days=policy.days,
        most_progress=policy.most_progress,
        automatic_up_to=policy.automatic_up_to,
        text=policy.text,
        why=why,
    )
    before = payments.policy_in_force(session)
    checked = replace(policy, text=words)
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
