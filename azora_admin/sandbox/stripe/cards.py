"""Stripe's test cards: what each number and each magic name stands for. Source: docs.stripe.com/testing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Decline:
    """Why the bank says no: the error's code, its decline_code, and the sentence for the customer."""

    code: str
    decline_code: str | None
    message: str
    param: str | None = None
    risk: bool = False  # blocked by Stripe's own check, the bank was not asked


@dataclass(frozen=True, slots=True)
class Card:
    """A test card and how it behaves."""

    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    decline: Decline | None = None
    attaches: bool = True  # a declining card can't be attached to a customer, but for one that declines later
    authentication: Literal["none", "required", "off_session"] = "none"
    refund: Literal["at_once", "pending", "fails"] = "at_once"
    dispute: Literal["never", "fraud", "not_received", "inquiry", "warning", "twice"] = "never"
    is_available_at_once: bool = False
    checks: dict[str, str] = field(default_factory=dict)


_DECLINED = "Your card was declined."
_GENERIC = Decline("card_declined", "generic_decline", _DECLINED)
_FUNDS = Decline("card_declined", "insufficient_funds", "Your card has insufficient funds.")
_LOST = Decline("card_declined", "lost_card", _DECLINED)
_STOLEN = Decline("card_declined", "stolen_card", _DECLINED)
_EXPIRED = Decline("expired_card", None, "Your card has expired.", "exp_month")
_CVC = Decline("incorrect_cvc", None, "Your card's security code is incorrect.", "cvc")
_PROCESSING = Decline(
    "processing_error", None, "An error occurred while processing your card. Try again in a little bit."
)
_VELOCITY = Decline(
    "card_declined",
    "card_velocity_exceeded",
    "Your card was declined for making repeated attempts too frequently or exceeding its amount limit.",
)
_BLOCKED = Decline("card_declined", "fraudulent", _DECLINED, risk=True)
AUTHENTICATION_NEEDED: Final = Decline(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)

_CARDS: Final = (
    Card("4242424242424242"),
    Card("4000056655665556", funding="debit"),
    Card("5555555555554444", "mastercard"),
    Card("2223003122003222", "mastercard"),
    Card("5200828282828210", "mastercard", "debit"),
    Card("5105105105105100", "mastercard", "prepaid"),
    Card("378282246310005", "amex"),
    Card("371449635398431", "amex"),
    Card("6011111111111117", "discover"),
    Card("3056930009020004", "diners"),
    Card("3566002020360505", "jcb"),
    Card("6200000000000005", "unionpay"),
    Card("4000002760000016", country="DE"),
    Card("4000008260000000", country="GB"),
    Card("4000003560000008", country="IN"),
    Card("4000003920000003", country="JP"),
    Card("4000000000000077", is_available_at_once=True),
    Card("4000000000000101", checks={"cvc_check": "fail"}),
    Card("4000000000000010", checks={"address_line1_check": "fail", "address_postal_code_check": "fail"}),
    Card("4000000000000002", decline=_GENERIC, attaches=False),
    Card("4000000000009995", decline=_FUNDS, attaches=False),
    Card("4000000000009987", decline=_LOST, attaches=False),
    Card("4000000000009979", decline=_STOLEN, attaches=False),
    Card("4000000000000069", decline=_EXPIRED, attaches=False),
    Card("4000000000000127", decline=_CVC, attaches=False),
    Card("4000000000000119", decline=_PROCESSING, attaches=False),
    Card("4000000000006975", decline=_VELOCITY, attaches=False),
    Card("4000000000000341", decline=_GENERIC),
    Card("4100000000000019", decline=_BLOCKED),
    Card("4000000000003220", authentication="required"),
    Card("4000000000003063", authentication="required"),
    Card("4000002760003184", authentication="required"),
    Card("4000002500003155", authentication="off_session"),
    Card("4000003800000446", authentication="off_session"),
    Card("4000000000003055"),  # 3-D Secure is supported and not required
    Card("4000008400001629", decline=_GENERIC, authentication="required"),
    Card("4000008260003178", decline=_FUNDS, authentication="required"),
    Card("4000000000005126", refund="fails"),
    Card("4000000000007726", refund="pending"),
    Card("4000000000000259", dispute="fraud"),
    Card("4000000000002685", dispute="not_received"),
    Card("4000000000001976", dispute="inquiry"),
    Card("4000000000005423", dispute="warning"),
    Card("4000000404000079", dispute="twice"),
)
BY_NUMBER: Final = {card.number: card for card in _CARDS}

# pm_card_<name> and tok_<name>
_NAMES: Final = {
    "visa": "4242424242424242", "visa_debit": "4000056655665556", "mastercard": "5555555555554444",
    "mastercard_debit": "5200828282828210", "mastercard_prepaid": "5105105105105100", "amex": "378282246310005",
    "discover": "6011111111111117", "diners": "3056930009020004", "jcb": "3566002020360505",
    "unionpay": "6200000000000005", "us": "4242424242424242", "de": "4000002760000016", "gb": "4000008260000000",
    "in": "4000003560000008", "jp": "4000003920000003", "bypassPending": "4000000000000077",
    "cvcCheckFail": "4000000000000101", "avsFail": "4000000000000010", "chargeDeclined": "4000000000000002",
    "chargeDeclinedInsufficientFunds": "4000000000009995", "chargeDeclinedLostCard": "4000000000009987",
    "chargeDeclinedStolenCard": "4000000000009979", "chargeDeclinedExpiredCard": "4000000000000069",
    "chargeDeclinedIncorrectCvc": "4000000000000127", "chargeDeclinedProcessingError": "4000000000000119",
    "chargeDeclinedVelocityLimitExceeded": "4000000000006975", "chargeCustomerFail": "4000000000000341",
    "radarBlock": "4100000000000019", "threeDSecure2Required": "4000000000003220",
    "threeDSecureRequired": "4000000000003063", "threeDSecureOptional": "4000000000003055",
    "threeDSecureRequiredChargeDeclined": "4000008400001629", "authenticationRequired": "4000002760003184",
    "authenticationRequiredOnSetup": "4000002500003155",
    "authenticationRequiredSetupForOffSession": "4000003800000446",
    "authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "refundFail": "4000000000005126", "pendingRefund": "4000000000007726",
    "createDispute": "4000000000000259", "createDisputeProductNotReceived": "4000000000002685",
    "createDisputeInquiry": "4000000000001976", "createIssuerFraudRecord": "4000000000005423",
    "createMultipleDisputes": "4000000404000079",
}  # fmt: skip


def find_magic_card(name: str) -> Card | None:
    """The card behind ``pm_card_visa_chargeDeclined`` or ``tok_visa``; both spellings of a decline are known."""
    for prefix in ("pm_card_", "tok_"):
        if name.startswith(prefix):
            rest = name.removeprefix(prefix)
            plain = rest.removeprefix("visa_") if rest not in _NAMES else rest
            return BY_NUMBER.get(_NAMES.get(plain, ""))
    return None


def passes_luhn(number: str) -> bool:
    digits = [int(digit) for digit in reversed(number)]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0
