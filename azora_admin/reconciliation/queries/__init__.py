"""Reading what was compared, and what people decided about it."""

from azora_admin.reconciliation.queries.decisions import (
    DecisionView,
    decisions_of,
    get_decision,
    parties_of,
    sharing,
)
from azora_admin.reconciliation.queries.differences import (
    DifferenceView,
    count_by_state,
    difference_view,
    differences_query,
    get_difference,
    open_differences,
)

__all__ = [
    "DecisionView",
    "DifferenceView",
    "count_by_state",
    "decisions_of",
    "difference_view",
    "differences_query",
    "get_decision",
    "get_difference",
    "open_differences",
    "parties_of",
    "sharing",
]
