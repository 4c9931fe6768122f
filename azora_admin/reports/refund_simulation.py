"""What a refund policy would have decided: every purchase of some days, and every request, judged by the rule itself.

Equal purchases are judged once and counted: a million payments are some thousands of prices, days and percents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Integer, cast, func, select, text
from sqlalchemy.orm import Session

from azora_admin.core.money import Money
from azora_admin.payments.rules.refund_policy import OUTCOMES, Asked, Policy, judge
from azora_admin.payments.tables import RefundRequest

# Whole percents are rounded down, as marketplace.rules.learning does.
_PURCHASES: Final = text(
    """
    SELECT days, progress, amount, refunded, currency, count(*) AS count FROM (
      SELECT floor(extract(epoch FROM :now - p.settled_at) / 86400)::int AS days,
             coalesce(100 * (SELECT count(*) FROM learning_step s WHERE s.enrolment_id = e.id AND s.kind = 'completed')
               / nullif((SELECT count(*) FROM lesson l WHERE l.course_id = p.course_id), 0), 0)::int AS progress,
             p.amount_minor - p.refunded_minor - p.withdrawn_minor AS amount, p.refunded_minor AS refunded, p.currency
        FROM payment p LEFT JOIN enrolment e ON e.learner_id = p.payer_id AND e.course_id = p.course_id
       WHERE p.settled_at >= :since AND p.status IN ('completed', 'partially_refunded')) one
     WHERE amount > 0 GROUP BY days, progress, amount, refunded, currency
    """
)


@dataclass
class Tally:
    """How many one outcome has, and their sum in each currency."""

    count: int = 0
    by_currency: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def sums(self) -> Sequence[Money]:
        return [Money(amount, currency) for currency, amount in sorted(self.by_currency.items())]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one outcome has under the policy in force, and under the new one."""

    name: str
    old: Tally
    new: Tally


@dataclass(frozen=True, slots=True)
class Simulation:
    """Purchases, if all of their payers asked for everything now; and requests, judged anew."""

    days: int
    purchases: Sequence[Outcome]
    requests: Sequence[Outcome]


def simulate(session: Session, *, old: Policy, new: Policy, now: datetime, days: int) -> Simulation:
    """``old`` beside ``new`` over the last ``days``. Two statements."""
    since = now - timedelta(days=days)
    purchases = session.execute(_PURCHASES, {"now": now, "since": since}).all()
    return Simulation(
        days,
        compare(((_asked(row), row._mapping["count"]) for row in purchases), old, new),  # noqa: SLF001
        compare(_requests(session, since), old, new),
    )


def compare(found: Iterable[tuple[Asked, int]], old: Policy, new: Policy) -> Sequence[Outcome]:
    """Each of ``found``, so many times, under both policies."""
    tallies: Mapping[str, tuple[Tally, Tally]] = {name: (Tally(), Tally()) for name in OUTCOMES}
    for asked, count in found:
        for place, policy in enumerate((old, new)):
            tally = tallies[judge(policy, asked).outcome][place]
            tally.count += count
            tally.by_currency[asked.amount.currency] += asked.amount.amount * count
    return [Outcome(name, *tallies[name]) for name in OUTCOMES]


def _requests(session: Session, since: datetime) -> Sequence[tuple[Asked, int]]:
    columns = (
        RefundRequest.days,
        RefundRequest.progress,
        RefundRequest.amount_minor.label("amount"),
        cast(0, Integer).label("refunded"),
        RefundRequest.currency,
    )
    rows = session.execute(
        select(*columns, func.count().label("times"))
        .where(RefundRequest.requested_at >= since)
        .group_by(
            RefundRequest.days, RefundRequest.progress, RefundRequest.amount_minor, RefundRequest.currency
        )
    ).all()
    return [(_asked(row), row.times) for row in rows]


def _asked(row: Any) -> Asked:
    return Asked(
        days=row.days,
        progress=row.progress,
        amount=Money(row.amount, row.currency),
        refunded=Money(row.refunded, row.currency),
    )
