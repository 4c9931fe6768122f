"""The problems that a call can be refused with: status, code, and when that is. Each stands here once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Refusal:
    """One way in which a call is refused; ``when`` is a sentence for whoever makes it."""

    status: int
    code: str
    when: str


UNKNOWN_HOST: Final = Refusal(400, "unknown_host", "The site does not go by the name in `Host`.")
UNREADABLE: Final = Refusal(400, "unreadable", "The body is not JSON in UTF-8.")

UNAUTHENTICATED: Final = Refusal(401, "unauthenticated", "Neither a token nor an API key was sent.")
INVALID_TOKEN: Final = Refusal(401, "invalid_token", "The token is not one of ours.")
TOKEN_EXPIRED: Final = Refusal(401, "token_expired", "The token has expired: get a new one.")
TOKEN_FROM_THE_FUTURE: Final = Refusal(
    401, "token_from_the_future", "The clocks of two of our servers differ; `detail` says which one is ahead."
)
INVALID_API_KEY: Final = Refusal(401, "invalid_api_key", "The API key is not one of ours.")
API_KEY_EXPIRED: Final = Refusal(401, "api_key_expired", "The API key has expired: use another one.")
API_KEY_REVOKED: Final = Refusal(401, "api_key_revoked", "The API key was revoked: use another one.")
INVALID_CREDENTIALS: Final = Refusal(
    401, "invalid_credentials", "The e-mail address or the password is not right."
)
SECOND_FACTOR_REQUIRED: Final = Refusal(
    401,
    "second_factor_required",
    "The password is right, and the person has a second factor: send `otp`, too.",
)
INVALID_OTP: Final = Refusal(401, "invalid_otp", "The `otp` is wrong, too old, or was used before.")

INVALID_REFRESH_TOKEN: Final = Refusal(
    401, "invalid_refresh_token", "The refresh token is not one of ours: sign in again."
)
REFRESH_TOKEN_EXPIRED: Final = Refusal(
    401,
    "refresh_token_expired",
    "The app was not used for 30 days, or signed in 180 days ago: sign in again.",
)
REFRESH_TOKEN_REUSED: Final = Refusal(
    401,
    "refresh_token_reused",
    "The refresh token was spent long ago, so somebody else may have it; the app was signed out: sign in again.",
)
SESSION_ENDED: Final = Refusal(401, "session_ended", "The app was signed out: sign in again.")

INSUFFICIENT_PERMISSIONS: Final = Refusal(
    403, "insufficient_permissions", "The caller is known, and may not do this."
)
SECOND_FACTOR_NOT_SET_UP: Final = Refusal(
    403, "second_factor_not_set_up", "The person's role needs a second factor: set one up on the pages first."
)
NOT_ENROLLED: Final = Refusal(403, "not_enrolled", "The caller's access to the course has ended.")
FRESH_SIGN_IN_REQUIRED: Final = Refusal(
    403, "fresh_sign_in_required", "This is dangerous, and the last sign-in too long ago: sign in again."
)

NOT_FOUND: Final = Refusal(404, "not_found", "The id in the address can't be one of ours.")
CURSOR_NOT_FOUND: Final = Refusal(404, "cursor_not_found", "The cursor is none of this list's.")
COURSE_NOT_FOUND: Final = Refusal(404, "course_not_found", "There is no such course.")
ENROLMENT_NOT_FOUND: Final = Refusal(
    404, "enrollment_not_found", "There is no such enrolment, or it is somebody else's."
)
ENTRY_NOT_FOUND: Final = Refusal(404, "entry_not_found", "There is no such entry of the ledger.")
PAYMENT_NOT_FOUND: Final = Refusal(
    404, "payment_not_found", "There is no such payment, or it is somebody else's."
)
REFUND_REQUEST_NOT_FOUND: Final = Refusal(
    404, "refund_request_not_found", "There is no such request, or it is somebody else's."
)
STATEMENT_NOT_FOUND: Final = Refusal(404, "statement_not_found", "The month has not begun.")
SPLIT_NOT_FOUND: Final = Refusal(
    404, "split_not_found", "The course can't be sold yet: nobody agreed who gets what."
)

DISPUTE_NOT_FOUND: Final = Refusal(404, "dispute_not_found", "There is no such dispute.")
DOCUMENT_NOT_FOUND: Final = Refusal(
    404, "document_not_found", "There is no such document, or it is about somebody else's payment."
)

NOT_ACCEPTABLE: Final = Refusal(406, "not_acceptable", "`Accept` names none of the forms that this comes in.")

ALREADY_PURCHASED: Final = Refusal(
    409, "already_purchased", "The course is paid for, being paid for by the bank, or the caller's already."
)
PAYMENT_NOT_REFUNDABLE: Final = Refusal(
    409, "payment_not_refundable", "The payment has not succeeded, so there is nothing to give back."
)
PAYMENT_REFUNDED: Final = Refusal(
    409, "payment_refunded", "All of the payment is refunded already, or on its way back."
)
REFUND_BLOCKED_BY_DISPUTE: Final = Refusal(
    409, "refund_blocked_by_dispute", "The payer's bank asks for the money already."
)
PROGRESS_EVENT_CONFLICT: Final = Refusal(
    409, "progress_event_conflict", "The `event_id` came with another step before."
)
REFUND_REQUEST_OPEN: Final = Refusal(
    409, "refund_request_open", "Another request for the payment is undecided."
)
OUTSIDE_REFUND_POLICY: Final = Refusal(
    409,
    "outside_refund_policy",
    "The purchase is outside of its refund policy; `detail` names the limit. Sent with `despite_policy`, and under "
    "another `Idempotency-Key`, it goes to a person.",
)
REFUND_REQUEST_DECIDED: Final = Refusal(
    409, "refund_request_decided", "The request was approved, declined or withdrawn before."
)
PAYMENT_MISMATCH: Final = Refusal(
    409, "payment_mismatch", "Stripe took something else than was asked for; a person has to look."
)

LINK_OVER: Final = Refusal(
    410, "link_over", "The mailed token was used, is too old, was replaced by a newer one, or never was."
)

BODY_TOO_LARGE: Final = Refusal(413, "body_too_large", "The body is larger than this call accepts.")
UNSUPPORTED_MEDIA_TYPE: Final = Refusal(
    415, "unsupported_media_type", "The body is not sent as `application/json`."
)
INVALID: Final = Refusal(
    422,
    "invalid",
    "The request was read and can't be accepted: `errors` names each field, with a code of its own.",
)
REFUND_EXCEEDS_PAYMENT: Final = Refusal(
    422, "refund_exceeds_payment", "`amount` is more than what is left of the payment."
)
PAYMENT_METHOD_NOT_FOUND: Final = Refusal(
    404,
    "payment_method_not_found",
    "There is no such payment method, it was removed, or it is somebody else's.",
)
PAYMENT_NOT_CANCELLABLE: Final = Refusal(
    409, "payment_not_cancellable", "The payment is paid, or with the bank: ask for a refund instead."
)
INSUFFICIENT_FUNDS: Final = Refusal(402, "insufficient_funds", "The saved card has insufficient funds.")
CARD_DECLINED: Final = Refusal(402, "card_declined", "The bank declined the saved card; `detail` says why.")
AUTHENTICATION_REQUIRED: Final = Refusal(
    402, "authentication_required", "The bank wants the payer to confirm, and nobody was there."
)
INVALID_PAYMENT_METHOD: Final = Refusal(
    402, "invalid_payment_method", "Stripe does not take the saved method any more: choose another one."
)
COUPON_INVALID: Final = Refusal(422, "coupon_invalid", "There is no such coupon.")
RATE_LIMITED: Final = Refusal(429, "rate_limited", "Too many calls: wait for the seconds in `Retry-After`.")

INTERNAL_ERROR: Final = Refusal(
    500, "internal_error", "A failure of ours, noted under the request's id. Nothing was half done."
)
PROVIDER_REFUSED: Final = Refusal(
    502, "payment_provider_refused", "Stripe does not take the order. Nothing was charged."
)
UNAVAILABLE: Final = Refusal(
    503, "unavailable", "The database is out of reach. Nothing is lost: send the same request again."
)
OUTCOME_UNKNOWN: Final = Refusal(
    503, "payment_outcome_unknown", "Stripe has not answered. Nothing is lost: send the same request again."
)

KEY_REUSED: Final = Refusal(
    422, "idempotency_key_reused", "The `Idempotency-Key` came with another request before: make a new one."
)
IN_PROGRESS: Final = Refusal(
    409, "request_in_progress", "The same `Idempotency-Key` is being worked on: ask again in a moment."
)

# What is refused before any call is reached, and so belongs to none.
METHOD_NOT_ALLOWED: Final = Refusal(
    405, "method_not_allowed", "The address does not take this method; `Allow` names those it takes."
)
NO_SUCH_ADDRESS: Final = Refusal(404, "not_found", "Nothing is at this address.")

ANY_CALL: Final = (UNKNOWN_HOST, INVALID, RATE_LIMITED, INTERNAL_ERROR, UNAVAILABLE)
WITH_BODY: Final = (UNREADABLE, BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
WITH_TOKEN: Final = (
    UNAUTHENTICATED,
    INVALID_TOKEN,
    TOKEN_EXPIRED,
    TOKEN_FROM_THE_FUTURE,
    INVALID_API_KEY,
    API_KEY_EXPIRED,
    API_KEY_REVOKED,
    INSUFFICIENT_PERMISSIONS,
)
OF_REFRESH: Final = (INVALID_REFRESH_TOKEN, REFRESH_TOKEN_EXPIRED, REFRESH_TOKEN_REUSED, SESSION_ENDED)
WITH_KEY: Final = (IN_PROGRESS, KEY_REUSED)
OF_SIGN_IN: Final = (INVALID_CREDENTIALS, SECOND_FACTOR_REQUIRED, INVALID_OTP, SECOND_FACTOR_NOT_SET_UP)
OF_REFUND: Final = (
    PAYMENT_NOT_FOUND,
    PAYMENT_NOT_REFUNDABLE,
    PAYMENT_REFUNDED,
    REFUND_BLOCKED_BY_DISPUTE,
    REFUND_EXCEEDS_PAYMENT,
)
OF_PROGRESS: Final = (ENROLMENT_NOT_FOUND, NOT_ENROLLED, PROGRESS_EVENT_CONFLICT)
OF_REFUND_REQUEST: Final = (*OF_REFUND, REFUND_REQUEST_OPEN)
OF_PURCHASE: Final = (
    COURSE_NOT_FOUND,
    SPLIT_NOT_FOUND,
    ALREADY_PURCHASED,
    PAYMENT_MISMATCH,
    PROVIDER_REFUSED,
    OUTCOME_UNKNOWN,
)
OF_CHARGE: Final = (
    INSUFFICIENT_FUNDS,
    CARD_DECLINED,
    AUTHENTICATION_REQUIRED,
    INVALID_PAYMENT_METHOD,
    PAYMENT_METHOD_NOT_FOUND,
)
OF_PAYMENT: Final = (*OF_PURCHASE, *OF_CHARGE, COUPON_INVALID)
