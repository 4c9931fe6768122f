"""Saved payment methods as the API answers them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from azora_admin.api.schemas import one_of
from azora_admin.api.shapes import Shape, such_as
from azora_admin.core.ids import MethodId, SetupId
from azora_admin.flows.saving import Begun
from azora_admin.payments.queries.methods import MethodView
from azora_admin.payments.rules.methods import STATES


class PaymentMethod(Shape):
    """A saved payment method: what stands on the card, and no more."""

    id: MethodId
    kind: Annotated[str, such_as("card")]
    brand: Annotated[str | None, such_as("visa")]
    last4: Annotated[str | None, such_as("4242")]
    exp_month: Annotated[int | None, such_as(12)]
    exp_year: Annotated[int | None, such_as(2034)]
    is_default: bool
    """It is the one that is charged where none is named."""
    saved_at: datetime


class PaymentMethods(Shape):
    """Saved payment methods, the oldest first."""

    items: list[PaymentMethod]


class MethodSetup(Shape):
    """A payment method that is about to be saved."""

    id: SetupId
    status: Annotated[str, one_of(STATES)]
    stripe_setup_intent_id: Annotated[str | None, such_as("seti_1PqVxA2eZvKYlo2C")]
    client_secret: Annotated[str, such_as("seti_1PqVxA2eZvKYlo2C_secret_…")]
    """For Stripe's SDK in the person's app, which asks for the card: keep it to yourself."""


def listed(found: Sequence[MethodView]) -> PaymentMethods:
    """All of a person's saved payment methods."""
    return {"items": [payment_method(one) for one in found]}


def payment_method(one: MethodView) -> PaymentMethod:
    """A saved payment method."""
    return {
        "id": one.id,
        "kind": one.kind,
        "brand": one.brand,
        "last4": one.last4,
        "exp_month": one.exp_month,
        "exp_year": one.exp_year,
        "is_default": one.is_default,
        "saved_at": one.saved_at,
    }


def method_setup(begun: Begun) -> MethodSetup:
    """A payment method that is about to be saved."""
    return {
        "id": begun.setup.id,
        "status": begun.setup.state,
        "stripe_setup_intent_id": begun.setup.stripe_setup_intent_id,
        "client_secret": begun.client_secret,
    }
