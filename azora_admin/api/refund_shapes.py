"""What answers about requests for refunds look like; see ``shapes``."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from azora_admin.api.schemas import one_of
from azora_admin.api.shapes import Currency, MinorUnits, NextCursor, RefundPolicy, Shape, such_as
from azora_admin.core.ids import PaymentId, RefundId, RefundRequestId
from azora_admin.payments.rules.refund_policy import OUTCOMES
from azora_admin.payments.rules.refund_requests import LEARNER_REASONS, REQUEST_STATES
from azora_admin.payments.rules.refunds import STATES as REFUND_STATES


class RefundOfRequest(Shape):
    """What became of a request that was approved."""

    id: RefundId
    status: Annotated[str, one_of(REFUND_STATES)]
    failure: Annotated[str | None, such_as("expired_or_canceled_card")]


class RefundRequest(Shape):
    """What a payer asked to have refunded."""

    id: RefundRequestId
    payment_id: PaymentId
    status: Annotated[str, one_of(REQUEST_STATES)]
    """`open`: a person looks at it."""
    amount: MinorUnits
    currency: Currency
    reason: Annotated[str, one_of(LEARNER_REASONS)]
    note: str
    verdict: Annotated[str, one_of(OUTCOMES)]
    """What the policy of the purchase said when it was made."""
    days: Annotated[int, such_as(3)]
    """Whole days since the payment, then."""
    progress: Annotated[int, such_as(12)]
    """Percent of the course that was completed, then."""
    refund: RefundOfRequest | None
    decline_reason: Annotated[str | None, such_as("The course was downloaded in full.")]
    requested_at: datetime
    decided_at: datetime | None


class RefundRequestList(Shape):
    """Requests, the newest first."""

    items: list[RefundRequest]
    next_cursor: NextCursor


class RefundRequestPlan(Shape):
    """What a request would lead to."""

    amount: MinorUnits
    currency: Currency
    verdict: Annotated[str, one_of(OUTCOMES)]
    """`automatic`: back at once; `queue`: a person looks first; `outside` of the policy: only asked all the same."""
    sentence: Annotated[str, such_as("This is within the refund policy: the money goes back at once.")]
    """Why, for the payer."""
    days: Annotated[int, such_as(3)]
    progress: Annotated[int, such_as(12)]
    refund_policy: RefundPolicy
