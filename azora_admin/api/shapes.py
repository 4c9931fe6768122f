"""What answers look like: the types that ``answers`` builds, and from which the contract's schemas are made.

The docstring under a field is its description in the contract.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from azora_admin.api.schemas import one_of
from azora_admin.core.ids import CourseId, EnrolmentId, PaymentId, PersonId, RefundId
from azora_admin.core.money import Money
from azora_admin.identity.rules import ROLES
from azora_admin.marketplace.rules import LEVELS
from azora_admin.payments.rules.refunds import REASONS
from azora_admin.payments.rules.refunds import STATES as REFUND_STATES
from azora_admin.payments.rules.settlement import STATUSES


def such_as(example: str | int) -> Any:
    """Annotates a field with an example."""
    return Field(examples=[example])


Currency = Annotated[str, Field(pattern="^[a-z]{3}$", description="ISO 4217, lower case.", examples=["usd"])]
MinorUnits = Annotated[int, Field(description="In minor units: cents, yen, fils.", examples=[4900])]
Role = Annotated[str, one_of(ROLES)]
NextCursor = Annotated[
    str | None, Field(description="Send it as `cursor` to get the next page; null where the list ends.")
]


@with_config(ConfigDict(use_attribute_docstrings=True))
class Shape(TypedDict):
    """Something that the API answers."""


class Person(Shape):
    """Somebody with an account."""

    id: PersonId
    email: Annotated[str, Field(json_schema_extra={"format": "idn-email"})]
    name: Annotated[str, such_as("Lena Süß")]
    roles: list[Role]


class Tokens(Shape):
    """A pair of tokens."""

    access_token: Annotated[str, such_as("eyJhbGciOiJFUzI1NiJ9…")]
    """Send it as `Authorization: Bearer …`."""
    refresh_token: Annotated[str, such_as("azr_4hXq0B…")]
    """Good for one other pair, at `POST /api/v1/auth/refresh`; keep it as you would a password."""
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, such_as(900)]
    """For how many seconds the access token is good."""


class PublicKey(Shape):
    """A key that verifies access tokens, by RFC 7517."""

    kid: str
    """Stands in the header of the tokens that it verifies."""
    kty: Literal["EC"]
    crv: Literal["P-256"]
    use: Literal["sig"]
    alg: Literal["ES256"]
    x: str
    y: str


class PublicKeys(Shape):
    """Every key that verifies access tokens now, and the one that is to sign next."""

    keys: list[PublicKey]


class Reason(Shape):
    """Why somebody may open a course."""

    reason: Annotated[str, such_as("purchase")]
    payment_id: PaymentId | None
    since: datetime


class Access(Shape):
    """Whether somebody may open a course, and every reason for it."""

    allowed: bool
    reasons: list[Reason]


class Course(Shape):
    """A course of the shelf."""

    id: CourseId
    title: Annotated[str, such_as("Watercolour for beginners")]
    slug: Annotated[str, such_as("watercolour-for-beginners")]
    """The title as it stands in addresses."""
    summary: Annotated[str, such_as("From the first wash to a finished sheet.")]
    category: Annotated[str, such_as("Art")]
    level: Annotated[str, one_of(LEVELS)]
    language: Annotated[str, such_as("en")]
    price: Money
    instructor_id: PersonId
    published_at: datetime | None


class CourseList(Shape):
    """Courses, the newest first."""

    items: list[Course]
    next_cursor: NextCursor


class Failure(Shape):
    """Why the last attempt to pay failed."""

    code: Annotated[str, such_as("insufficient_funds")]
    message: Annotated[str | None, such_as("Your card has insufficient funds.")]
    """A sentence for the payer."""


LastFailure = Annotated[
    Failure | None,
    Field(description="Of the last attempt; the payment can still be made with another card."),
]


class RefundPolicy(Shape):
    """When a purchase can be refunded: frozen with it, whatever the policy says of later ones."""

    version: Annotated[int, such_as(1)]
    days: Annotated[int, such_as(14)]
    """For how many days after the payment."""
    most_progress: Annotated[int, such_as(30)]
    """Up to how many percent of the course may be completed."""
    automatic_up_to: Money | None
    """Up to this sum of all refunds of the payment no person has to look first; null: one always has."""
    text: Annotated[str, such_as("You can have a course refunded within 14 days.")]
    """For the payer."""


class Payment(Shape):
    """A payment as its payer sees it."""

    id: PaymentId
    status: Annotated[str, one_of(STATUSES)]
    amount: MinorUnits
    currency: Currency
    course_id: CourseId | None
    description: Annotated[str, such_as("Watercolour for beginners")]
    stripe_payment_intent_id: Annotated[str | None, such_as("pi_3PqVxA2eZvKYlo2C")]
    failure: LastFailure
    refunded: MinorUnits
    """What of it is refunded, or on its way back."""
    refund_policy: RefundPolicy
    created_at: datetime
    settled_at: datetime | None


class Refund(Shape):
    """Money of a payment on its way back, or there."""

    id: RefundId
    payment_id: PaymentId
    status: Annotated[str, one_of(REFUND_STATES)]
    """`succeeded` refunds have arrived; they can still fail weeks later, and are `failed` then."""
    amount: MinorUnits
    currency: Currency
    reason: Annotated[str, one_of(REASONS)]
    source: Literal["ours", "dashboard"]
    """Whether it was made here, or in Stripe's dashboard."""
    stripe_refund_id: Annotated[str | None, such_as("re_3PqVxA2eZvKYlo2C")]
    failure: Annotated[str | None, such_as("expired_or_canceled_card")]
    """Why it failed or was cancelled."""
    requested_at: datetime
    settled_at: datetime | None


class PaymentWithRefunds(Payment):
    """A payment with everything that went back of it."""

    refunds: list[Refund]


class RefundLeg(Shape):
    """What a refund changes on one account of the ledger."""

    account: Annotated[str, such_as("platform:revenue")]
    amount: Annotated[int, such_as(-1470)]
    """In minor units: negative is what the account gives back, positive what is on its way to the payer."""
    currency: Currency
    available_at: datetime | None
    """Until when what is taken back was pending."""


class RefundPlan(Shape):
    """What a refund would do."""

    amount: MinorUnits
    currency: Currency
    left: MinorUnits
    """What could be refunded after it."""
    needs_second_approval: bool
    """Whether it would wait, answered with 202, until somebody else approves it."""
    approval_by: Literal["finance", "second_person"] | None
    """Who has to approve it: `finance` above what support may refund, `second_person` above what anybody may alone."""
    ends_access: bool
    """Whether the payer's access that rests on this payment would end."""
    legs: list[RefundLeg]


class RefundMade(Refund):
    """A refund and what it moves, or will move once it is approved."""

    legs: list[RefundLeg]


class PaymentList(Shape):
    """Payments, the newest first."""

    items: list[Payment]
    next_cursor: NextCursor


class Order(Payment):
    """A payment to be confirmed at Stripe."""

    client_secret: Annotated[str, such_as("pi_3PqVxA2eZvKYlo2C_secret_…")]
    """For Stripe's SDK in the payer's app: keep it to yourself."""


class Enrolment(Shape):
    """Access to a free course."""

    course_id: CourseId
    enrolled_at: datetime


class Enrolled(Shape):
    """What the purchase of a free course leads to."""

    enrollment: Enrolment


class Progress(Shape):
    """How far a learner came in a course, in lessons."""

    lessons: Annotated[int, such_as(12)]
    opened: Annotated[int, such_as(5)]
    completed: Annotated[int, such_as(4)]
    percent: Annotated[int, such_as(33)]
    """Of the lessons that are completed, rounded down: 100 means every one."""


class CourseEnrolment(Shape):
    """A course that somebody is in."""

    id: EnrolmentId
    course_id: CourseId
    title: Annotated[str, such_as("Watercolour for beginners")]
    enrolled_at: datetime
    is_open: bool
    """Whether there is a reason for access now."""
    progress: Progress


class EnrolmentList(Shape):
    """Courses that somebody is in, the newest first."""

    items: list[CourseEnrolment]
    next_cursor: NextCursor


class Balance(Shape):
    """What an instructor has earned in one currency: `earned` = `pending` + `available`."""

    currency: Currency
    earned: MinorUnits
    pending: MinorUnits
    """Of sales that can still be refunded."""
    available: MinorUnits
    sales: Annotated[int, such_as(2)]


class Earnings(Shape):
    """A balance for each currency that was ever sold in."""

    items: list[Balance]


class Alive(Shape):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Shape):
    """Whether the process can work, and what is missing."""

    status: Literal["ready", "not ready"]
    schema: Annotated[str | None, such_as("0013")]
    """The database's last migration."""
    missing: list[str]
    """Names of settings."""


class FieldProblem(Shape):
    """What is wrong with one field of the request."""

    field: str
    code: str
    message: str


class Problem(Shape):
    """Why a call was refused, by RFC 9457."""

    type: str
    """`urn:azora:problem:` and the code: a name, not an address to fetch."""
    title: str
    status: int
    code: str
    detail: str
    """A sentence for whoever made the call."""
    request_id: str
    errors: NotRequired[list[FieldProblem]]
    """Each field that can't be accepted."""
