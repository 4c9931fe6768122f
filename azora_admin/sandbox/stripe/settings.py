"""What an operator may turn on a running stand-in; kept in its database, so a restart keeps them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from decimal import ROUND_HALF_UP, Decimal

from azora_admin.core.money import CURRENCIES, Money, to_stripe
from azora_admin.sandbox.stripe.errors import refused_parameter
from azora_admin.sandbox.stripe.json_types import Json


@dataclass(frozen=True, slots=True)
class Settings:
    """Seconds are of the stand-in's clock, except ``delivery_timeout``, which is real."""

    balance_transaction_delay: float = 0.3  # from the charge to its balance transaction
    bank_takes_its_time: int = 0  # 1: a confirmed charge is processing until a control decides
    refund_delay: float = 0.3  # from a pending or failing refund to its end
    dispute_delay: float = 0.3  # from the charge, or from deciding test evidence, to what follows
    dispute_response_time: float = 9 * 86_400.0  # from a dispute to the end of the time to answer it
    dispute_fee_minor: int = 1_500
    dispute_fee_is_returned: int = 0  # 1: a won dispute brings its fee back, too
    available_delay: float = 2 * 86_400.0  # from pending to available balance
    fee_basis_points: int = 290
    fee_fixed_minor: int = 30
    settlement_currency: str = ""  # what is charged in another one is exchanged; "": each settles in its own
    exchange_rate: float = 0.92  # what one minor unit of the other is worth in minor units of it
    retry_base: float = 1.0  # wait after the first failed delivery; doubles
    retry_longest: float = 6 * 3_600.0
    retry_for: float = 3 * 86_400.0  # from the event on; then the delivery has failed
    delivery_workers: int = 4
    delivery_timeout: float = 10.0

    def changed(self, given: Json) -> Settings:
        """These settings with ``given`` in place. Raises ApiError 400 for a name or type that isn't there."""
        known = {one.name: one for one in fields(self)}
        for name, value in given.items():
            if name not in known:
                raise refused_parameter(f"There is no setting {name}.", name, "parameter_unknown")
            if isinstance(getattr(self, name), str):
                _check_currency(value, name)
                continue
            whole = isinstance(getattr(self, name), int)
            if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or value < 0:
                raise refused_parameter(f"{name} is a number that is not negative.", name)
        if given.get("delivery_workers", 1) not in range(1, 33):
            raise refused_parameter("delivery_workers is from 1 to 32.", "delivery_workers")
        return replace(self, **given)

    def as_json(self) -> Json:
        return asdict(self)


def _check_currency(value: object, name: str) -> None:
    if value != "" and value not in CURRENCIES:
        raise refused_parameter(f"{name} is a currency, or empty.", name)


def settled(amount: int, currency: str, settings: Settings) -> tuple[int, str]:
    """What the account's balance moves by for ``amount``, as Stripe writes both: exchanged where it settles otherwise.

    Rounded half up, away from nought; in whole steps of what Stripe writes, as ``fee_of``.
    """
    into = settings.settlement_currency
    if into in ("", currency):
        return amount, currency
    step = to_stripe(Money(10, into)) // 10
    exact = amount * Decimal(str(settings.exchange_rate)) / step
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP)) * step, into


def fee_of(amount: int, currency: str, settings: Settings) -> int:
    """The processing fee of a charge of ``amount``, as Stripe writes both, rounded half up; integers throughout.

    In currencies that Stripe writes with two decimals that are always 00 it is whole, too.
    """
    share = (amount * settings.fee_basis_points + 5_000) // 10_000
    step = to_stripe(Money(10, currency)) // 10
    return min((share + settings.fee_fixed_minor + step - 1) // step * step, amount)
