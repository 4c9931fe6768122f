"""Reading refund policies: the one in force, every version, and the one that a payment froze."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, literal_column, select
from sqlalchemy.orm import Session

from azora_admin.core.errors import NotFound
from azora_admin.core.ids import PersonId
from azora_admin.core.money import Money
from azora_admin.payments.rules.refund_policy import Policy
from azora_admin.payments.tables import Payment, RefundPolicy


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy with its history; ``created_by`` is None for the one that was there at first."""

    policy: Policy
    effective_at: datetime
    why: str
    created_by: PersonId | None


_FIELDS = ("version", "days", "most_progress", "automatic_up_to_minor", "automatic_currency", "text")


def policy_in_force(session: Session) -> Policy:
    """The newest version: what is bought now is bought under it."""
    return policy_versions(session, limit=1)[0].policy


def get_policy(session: Session, version: int) -> Policy:
    """The policy of this version. Raises NotFound."""
    row = session.execute(_versions().where(RefundPolicy.version == version)).one_or_none()
    if row is None:
        raise NotFound("policy_not_found", "There is no such refund policy.")
    return _version(row).policy


def policy_versions(session: Session, *, limit: int) -> Sequence[PolicyVersion]:
    """The newest versions, newest first."""
    found = session.execute(_versions().order_by(RefundPolicy.version.desc()).limit(limit))
    return [_version(row) for row in found]


def policy_of_payment() -> ColumnElement[Any]:
    """The column to read beside a payment's others: the policy that it froze, for ``policy_told``."""
    whole = func.row_to_json(literal_column(f"{RefundPolicy.__tablename__}.*"))
    frozen = select(whole).where(RefundPolicy.version == Payment.refund_policy_version)
    return frozen.correlate(Payment).scalar_subquery().label("policy")


def policy_told(told: Mapping[str, Any]) -> Policy:
    """The policy that ``policy_of_payment`` read."""
    minor, currency = told["automatic_up_to_minor"], told["automatic_currency"]
    most = None if minor is None else Money(minor, currency)
    return Policy(told["version"], told["days"], told["most_progress"], most, told["text"])


def _versions() -> Any:
    columns = [getattr(RefundPolicy, name) for name in _FIELDS]
    return select(*columns, RefundPolicy.effective_at, RefundPolicy.why, RefundPolicy.created_by)


def _version(row: Row[*tuple[Any, ...]]) -> PolicyVersion:
    return PolicyVersion(policy_told(row._asdict()), row.effective_at, row.why, row.created_by)
