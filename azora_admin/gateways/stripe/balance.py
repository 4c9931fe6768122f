"""What Stripe's own book says: its balance transactions, one for each movement of our money there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import stripe

from azora_admin.core.errors import Invalid
from azora_admin.core.money import Money, from_stripe
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.gateways.stripe.told import told, told_rate

if TYPE_CHECKING:
    from stripe.params import BalanceTransactionListParams

_PAGE: Final = 100
_WHOLE: Final[BalanceTransactionListParams] = {"limit": _PAGE, "expand": ["data.source"]}


@dataclass(frozen=True, slots=True)
class ListedTransaction:
    """A balance transaction. ``source_id`` is what moved, ``charge_id`` the charge that it is, or is about.

    ``amount`` and ``fee`` are in minor units of ours; where they can't be (a currency that we don't serve, a fraction),
    ``is_readable`` is False and they are Stripe's own integers.
    """

    id: str
    type: str
    reporting_category: str
    source_id: str | None
    charge_id: str | None
    amount: int
    fee: int
    currency: str
    is_readable: bool
    exchange_rate: Decimal | None
    created_at: datetime
    available_at: datetime


@dataclass(frozen=True, slots=True)
class StatementPage:
    """A page of the list, newest first; ``after_id`` is where the next one begins, None after the last."""

    transactions: Sequence[ListedTransaction]
    after_id: str | None


@dataclass(frozen=True, slots=True)
class ChargeMovement:
    """A charge as it stands in Stripe's book: what came in and what Stripe kept of it."""

    id: str
    charge_id: str
    intent_id: str | None
    created_at: datetime
    amount: Money
    fee: Money


def list_transactions(
    connection: StripeConnection, *, since: datetime, until: datetime, after_id: str | None
) -> StatementPage:
    """Up to a hundred balance transactions made from ``since`` to ``until`` (whole seconds, both within).

    Raises NoAnswer, Refused.
    """
    within = {"gte": int(since.timestamp()), "lte": int(until.timestamp())}
    asked: BalanceTransactionListParams = {**_WHOLE, "created": within}  # type: ignore[typeddict-item]
    transactions, next_id = _page(connection, asked, after_id)
    return StatementPage([_listed(one) for one in transactions], next_id)


def charge_movements(connection: StripeConnection) -> Iterator[ChargeMovement]:
    """Every charge in Stripe's book, newest first, a hundred a call. Raises NoAnswer, Refused."""
    after_id: str | None = None
    while True:
        transactions, after_id = _page(connection, {**_WHOLE, "type": "charge"}, after_id)
        yield from map(_shape, transactions)
        if after_id is None:
            return


def _page(
    connection: StripeConnection, asked: BalanceTransactionListParams, after_id: str | None
) -> tuple[Sequence[stripe.BalanceTransaction], str | None]:
    """A page, and the id after which the next one begins."""
    if after_id is not None:
        asked = {**asked, "starting_after": after_id}
    page = connection.call(lambda v1: v1.balance_transactions.list(asked))
    return page.data, page.data[-1].id if page.has_more and page.data else None


def _listed(transaction: stripe.BalanceTransaction) -> ListedTransaction:
    amount, fee, is_readable = _amounts(transaction)
    source_id, charge_id = _source(transaction)
    return ListedTransaction(
        id=transaction.id,
        type=str(transaction.type),
        reporting_category=transaction.reporting_category,
        source_id=source_id,
        charge_id=charge_id,
        amount=amount,
        fee=fee,
        currency=transaction.currency,
        is_readable=is_readable,
        exchange_rate=told_rate(transaction),
        created_at=datetime.fromtimestamp(transaction.created, UTC),
        available_at=datetime.fromtimestamp(transaction.available_on, UTC),
    )


def _amounts(transaction: stripe.BalanceTransaction) -> tuple[int, int, bool]:
    currency = transaction.currency
    try:
        amount, fee = from_stripe(transaction.amount, currency), from_stripe(transaction.fee, currency)
    except (ValueError, Invalid):
        return transaction.amount, transaction.fee, False
    return amount.amount, fee.amount, True


def _source(transaction: stripe.BalanceTransaction) -> tuple[str | None, str | None]:
    """What moved, and the charge that it is or is about."""
    source = transaction.source
    if source is None or isinstance(source, str):
        is_charge = source is not None and transaction.type in ("charge", "payment")
        return source, source if is_charge else None
    source_id: str = source["id"]
    if isinstance(source, stripe.Charge):
        return source_id, source_id
    charge = told(source, "charge")
    return source_id, charge if isinstance(charge, str) or charge is None else charge.id


def _shape(transaction: stripe.BalanceTransaction) -> ChargeMovement:
    charge = transaction.source
    if not isinstance(charge, stripe.Charge):
        raise TypeError(f"{transaction.id} is a charge's, and came without its charge")
    intent = charge.payment_intent
    return ChargeMovement(
        id=transaction.id,
        charge_id=charge.id,
        intent_id=intent if isinstance(intent, str) or intent is None else intent.id,
        created_at=datetime.fromtimestamp(transaction.created, UTC),
        amount=from_stripe(transaction.amount, transaction.currency),
        fee=from_stripe(transaction.fee, transaction.currency),
    )
