"""The demo's history: eight weeks of sales, made by the real flows against the stand-in, under a moved clock.

Nothing is written past the rules: every payment went to Stripe's stand-in and came back, so the books of
the demo prove themselves like any others. Started again after a crash, it goes on where it stopped.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from azora_admin.core import clock, db
from azora_admin.core.clock import FixedClock
from azora_admin.core.config import Settings
from azora_admin.core.errors import Conflict
from azora_admin.core.ids import CourseId, PersonId
from azora_admin.core.money import Money
from azora_admin.flows import asking, checkout
from azora_admin.gateways.stripe.client import StripeConnection
from azora_admin.identity import actions as people
from azora_admin.identity.actions import audit
from azora_admin.identity.queries import find_person_by_email
from azora_admin.identity.rules import Actor, NewPerson, SignedIn, Subject
from azora_admin.marketplace import actions as shelf
from azora_admin.marketplace.rules import INSTRUCTOR_BASIS_POINTS, check_course
from azora_admin.marketplace.tables import Course
from azora_admin.messaging import mail
from azora_admin.payments.actions import charges, documents
from azora_admin.payments.rules.refunds import Limits
from azora_admin.sandbox import catalogue, complaining, studying
from azora_admin.sandbox.catalogue import DemoCourse, DemoPerson
from azora_admin.sandbox.phone import CallFailed, Line, Wallet

DAYS: Final = 60
_LEARNERS: Final = 150
_JSON: Final = {"Content-Type": "application/json"}
_CARDS: Final = (
    ("pm_card_visa", 62),
    ("pm_card_mastercard", 24),
    ("pm_card_amex", 8),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", 2),
    ("pm_card_visa_chargeDeclined", 2),
    ("", 2),  # the cart is left
)

# Who did it, in the books and in the audit log.
SEED: Final = Actor(None, "Demo data", "command", request_id="", address="")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Shelf:
    """Who buys, what there is to buy, and who is asked for money back."""

    learners: list[SignedIn]
    courses: list[tuple[CourseId, int]]
    finance: SignedIn


def seed_demo(settings: Settings, say: Say) -> bool:
    """Make the demo data unless it is whole already. Says whether anything was made.

    ``core.db`` must be connected and migrated; the stand-in must answer at ``settings.stripe_api_base``.
    """
    with db.reading() as session:
        if find_person_by_email(session, catalogue.ADMIN_EMAIL):
            return False
    password_hash = people.hash_password(catalogue.DEMO_PASSWORD)
    began_at = _beginning()
    with closing(Line(settings.stripe_api_base)) as stand_in, clock.use(fixed := FixedClock(began_at)):
        _set_stand_in(stand_in, "clock", {"now": int(began_at.timestamp())})
        try:
            _relive(settings, _lay_ground(password_hash), fixed, stand_in, say)
            with db.transaction() as session:
                mail.drop_unsent(session, before=fixed.now())
        finally:
            _set_stand_in(stand_in, "clock", {"now": None})
    _add_person(catalogue.ADMIN, password_hash)
    return True


def _beginning() -> datetime:
    """Midnight, eight weeks back; or where an interrupted seed began."""
    with db.reading() as session:
        known = session.scalar(select(func.min(Course.created_at)))
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    return known or today - timedelta(days=DAYS)


def _lay_ground(password_hash: str) -> Shelf:
    with db.transaction() as session:
        documents.name_seller(session, catalogue.SELLER)
    persons = {person.name: _add_person(person, password_hash) for person in _everybody()}
    courses = [_add_course(course, persons) for course in catalogue.COURSES]
    buyers = [
        person
        for person in persons.values()
        if "learner" in person.roles and "instructor" not in person.roles
    ]
    # Whoever signs in as one of the demo people should find something on their page.
    regulars = [buyer for buyer in buyers if buyer.email.endswith("@demo.azora.test")]
    finance = next(person for person in persons.values() if "finance" in person.roles)
    return Shelf(buyers + regulars * 4, [(course, weight) for course, weight in courses if weight], finance)


def _everybody() -> Iterator[DemoPerson]:
    yield from catalogue.DEMO_PEOPLE
    for name in catalogue.INSTRUCTORS:
        yield DemoPerson(_address(name), name, ("instructor",))
    for number in range(_LEARNERS):
        first = catalogue.FIRST_NAMES[number % len(catalogue.FIRST_NAMES)]
        last = catalogue.LAST_NAMES[(number * 7 + number // 30) % len(catalogue.LAST_NAMES)]
        yield DemoPerson(
            f"{first}.{last}{number}@learners.azora.test".lower(), f"{first} {last} {number}", ("learner",)
        )


def _address(name: str) -> str:
    plain = "".join(letter for letter in name.lower().replace(" ", ".") if letter.isascii())
    return f"{plain}@instructors.azora.test"


def _add_person(person: DemoPerson, password_hash: str) -> SignedIn:
    with db.transaction() as session:
        known = find_person_by_email(session, person.email)
        if known:
            return known
        new = NewPerson(person.email, person.name, catalogue.DEMO_PASSWORD)
        person_id = people.add_person(
            session, new, password_hash=password_hash, roles=person.roles, email_confirmed_at=clock.now()
        )
        audit.record(
            session,
            SEED,
            act="person.added",
            subject=Subject("person", str(person_id), person.email),
            after={"name": person.name, "email": person.email, "roles": sorted(person.roles)},
        )
    return SignedIn(None, person_id, person.name, person.email, frozenset(person.roles))


def _add_course(course: DemoCourse, persons: dict[str, SignedIn]) -> tuple[CourseId, int]:
    """The course and how often it is bought; a free one is not bought."""
    draft = check_course(
        title=course.title,
        summary=f"{course.category}, {course.level}. Taught by {course.instructor}.",
        category=course.category,
        level=course.level,
        language="en",
        price=Money(course.price, course.currency),
    )
    weight = 0 if not course.price else 12 if course.instructor == catalogue.PRIYA else 5
    with db.transaction() as session:
        known = session.scalar(select(Course.id).where(Course.slug == draft.slug))
        if known:
            return CourseId(known), weight
        instructor = persons[course.instructor].person_id
        course_id = shelf.create_course(session, draft, instructor_id=instructor, published_at=clock.now())
        shelf.agree_split(session, course_id, shares=_shares(instructor, course, persons))
        shelf.add_lessons(session, course_id, titles=catalogue.LESSONS)
    return course_id, weight


def _shares(instructor: PersonId, course: DemoCourse, persons: dict[str, SignedIn]) -> dict[str, int]:
    if course.second is None:
        return {f"instructor:{instructor}": INSTRUCTOR_BASIS_POINTS}
    half = INSTRUCTOR_BASIS_POINTS // 2
    return {f"instructor:{instructor}": half, f"instructor:{persons[course.second].person_id}": half}


def _relive(settings: Settings, demo: Shelf, fixed: FixedClock, stand_in: Line, say: Say) -> None:
    """Day by day: what was sold, then what was left lying is asked for, as the rounds would have done."""
    stripe, wallet = StripeConnection(settings), Wallet(settings.stripe_api_base)
    office = complaining.Office(
        stripe,
        stand_in,
        demo.finance,
        Limits(support=settings.refund_support_limit, alone=settings.refund_alone_limit),
    )
    end = clock.SystemClock().now()
    day = 0
    while fixed.now() < end - timedelta(minutes=30):
        chance = random.Random(f"azora demo, day {day}")
        for at in _times_of_sales(fixed.now(), day, chance):
            if at < end - timedelta(minutes=20):
                fixed.advance(at - fixed.now())
                _set_stand_in(stand_in, "clock", {"now": int(at.timestamp())})
                _sell_one(stripe, wallet, demo, chance, settings)
        studying.study_a_day(random.Random(f"azora demo, learning of day {day}"))
        _set_stand_in(stand_in, "settle", {})
        _ask_for_silent(stripe)
        day += 1
        complaining.complain_a_day(
            office, random.Random(f"azora demo, complaints of day {day}"), last=day > DAYS
        )
        midnight = fixed.now().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        fixed.advance(min(midnight, end) - fixed.now())
        if day % 10 == 0:
            say(f"  {day} of {DAYS} days of sales")


def _times_of_sales(from_at: datetime, day: int, chance: random.Random) -> list[datetime]:
    """More towards the present, fewer on weekends, most in the evening."""
    weekend = from_at.weekday() >= 5
    count = max(1, round((5 + day / 8) * (0.6 if weekend else 1.0) * chance.uniform(0.7, 1.3)))
    seconds = sorted(int(chance.triangular(0, 86_399, 68_400)) for _ in range(count))
    midnight = from_at.replace(hour=0, minute=0, second=0, microsecond=0)
    return [at for at in (midnight + timedelta(seconds=second) for second in seconds) if at > from_at]


def _sell_one(
    stripe: StripeConnection, wallet: Wallet, demo: Shelf, chance: random.Random, settings: Settings
) -> None:
    ids, weights = zip(*demo.courses, strict=True)
    (course_id,) = chance.choices(ids, weights)
    (card,) = chance.choices([card for card, _ in _CARDS], [weight for _, weight in _CARDS])
    learner = chance.choice(demo.learners)
    first_ask = timedelta(seconds=settings.ask_after_seconds)
    try:
        bought = checkout.buy_course(stripe, learner, SEED, course_id=course_id, ask_after=first_ask)
    except Conflict:
        return  # this learner has it: the draw is simply lost
    if isinstance(bought, checkout.Enrolment) or not card or bought.payment.stripe_payment_intent_id is None:
        return
    try:
        wallet.confirm(bought.payment.stripe_payment_intent_id, client_secret=bought.client_secret, card=card)
    except CallFailed as refusal:
        if refusal.status != 402:
            raise
    asking.ask(stripe, bought.payment.id)


def _ask_for_silent(stripe: StripeConnection) -> None:
    with db.transaction() as session:
        due = charges.take_due(session, first_pause=timedelta(minutes=1), limit=1000)
    for payment in due:
        asking.ask(stripe, payment.id)


def _set_stand_in(stand_in: Line, control: str, body: dict[str, int | None]) -> None:
    stand_in.call("POST", f"/_sandbox/{control}", body=json.dumps(body).encode(), headers=_JSON)
