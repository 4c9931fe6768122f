"""What Stripe exchanged is written down once, whoever brings it first."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from azora_admin.core.ids import PaymentId
from azora_admin.payments.rules.exchange import Exchange
from azora_admin.payments.tables import Exchange as Row


def record(session: Session, payment_id: PaymentId, exchange: Exchange) -> bool:
    """Keep the exchange. False where it is known already; whoever is writing the same one is waited for."""
    kept = session.scalar(
        insert(Row)
        .values(
            stripe_balance_transaction_id=exchange.id,
            source=exchange.source,
            category=exchange.category,
            payment_id=payment_id,
            presented_minor=exchange.presented.amount,
            presented_currency=exchange.presented.currency,
            settled_minor=exchange.settled.amount,
            settled_currency=exchange.settled.currency,
            rate=exchange.rate,
            occurred_at=exchange.at,
        )
        .on_conflict_do_nothing()
        .returning(Row.stripe_balance_transaction_id)
    )
    return kept is not None


def is_charge_exchanged(session: Session, payment_id: PaymentId, exchange: Exchange) -> bool:
    """Whether Stripe exchanged the payment's charge between the same two currencies."""
    found = select(Row.stripe_balance_transaction_id).where(
        Row.payment_id == payment_id,
        Row.category == "charge",
        Row.presented_currency == exchange.presented.currency,
        Row.settled_currency == exchange.settled.currency,
    )
    return session.scalar(select(found.exists())) is True
