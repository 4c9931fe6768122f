"""The demo's people and courses: invented, but such as a marketplace would have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from azora_admin.payments.rules.documents import SellerWords

DEMO_PASSWORD: Final = "azora-demo"  # noqa: S105  public, printed at each start of the demo
ADMIN_EMAIL: Final = "admin@demo.azora.test"


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody to sign in as."""

    email: str
    name: str
    roles: tuple[str, ...]


DEMO_PEOPLE: Final = (
    DemoPerson("finance@demo.azora.test", "Jonas Weber", ("finance",)),
    DemoPerson("support@demo.azora.test", "Noor Haddad", ("support",)),
    DemoPerson("instructor@demo.azora.test", "Priya Raman", ("instructor", "learner")),
    DemoPerson("learner@demo.azora.test", "Elena Kovacs", ("learner",)),
    DemoPerson("owner@demo.azora.test", "Ingrid Solberg", ("owner", "learner")),
)
# Made last: that it is there says that the demo data is whole.
ADMIN: Final = DemoPerson(ADMIN_EMAIL, "Amara Nwosu", ("admin",))

SELLER: Final = SellerWords(
    "Azora Learning, Inc.",
    "548 Market Street\nSan Francisco, CA 94104\nUnited States",
    "94-3301117",
    "help@azora.test",
)

INSTRUCTORS: Final = (
    "Tomás Ferreira",
    "Kenji Watanabe",
    "Ana Ruiz",
    "Leila Farahani",
    "Oluwaseun Adeyemi",
    "Marta Nowak",
    "Samuel Osei",
)


@dataclass(frozen=True, slots=True)
class DemoCourse:
    """A course; ``price`` in minor units; ``second`` shares the instructors' part in halves."""

    title: str
    instructor: str
    price: int
    category: str
    level: str
    second: str | None = None
    currency: str = "usd"


PRIYA: Final = "Priya Raman"
COURSES: Final = (
    DemoCourse("Distributed Systems from First Principles", PRIYA, 14900, "Engineering", "advanced"),
    DemoCourse(
        "Rust for Embedded Linux", PRIYA, 18900, "Engineering", "intermediate", second="Tomás Ferreira"
    ),
    DemoCourse("Zero-Knowledge Proofs, Hands On", PRIYA, 24900, "Engineering", "advanced"),
    DemoCourse("Designing Data Pipelines", PRIYA, 9900, "Data", "intermediate"),
    DemoCourse("The Working Programmer's Guide to SQL", PRIYA, 4900, "Data", "beginner"),
    DemoCourse("Japanese for Engineers, N3", "Kenji Watanabe", 9900, "Languages", "intermediate"),
    DemoCourse("Japanese for Engineers, N5", "Kenji Watanabe", 7900, "Languages", "beginner"),
    DemoCourse("Reading Handwritten Kanji", "Kenji Watanabe", 5900, "Languages", "advanced"),
    DemoCourse("Pricing Strategy for SaaS", "Ana Ruiz", 12900, "Business", "intermediate"),
    DemoCourse("Selling to Enterprises without Losing a Year", "Ana Ruiz", 19900, "Business", "advanced"),
    DemoCourse("Bookkeeping for Founders", "Ana Ruiz", 3900, "Business", "beginner"),
    DemoCourse("Color Grading in DaVinci Resolve", "Leila Farahani", 7900, "Film", "beginner"),
    DemoCourse("Documentary Sound on a Small Budget", "Leila Farahani", 6900, "Film", "intermediate"),
    DemoCourse("Writing for the Screen", "Leila Farahani", 8900, "Film", "beginner"),
    DemoCourse("Kubernetes Networking Explained", "Tomás Ferreira", 11900, "Engineering", "advanced"),
    DemoCourse("Observability that Pays for Itself", "Tomás Ferreira", 8900, "Engineering", "intermediate"),
    DemoCourse("Practical Statistics with Python", "Oluwaseun Adeyemi", 7900, "Data", "beginner"),
    DemoCourse("Bayesian Thinking for Product Teams", "Oluwaseun Adeyemi", 10900, "Data", "intermediate"),
    DemoCourse("Forecasting Demand", "Oluwaseun Adeyemi", 12900, "Data", "advanced"),
    DemoCourse("Watercolour, One Hour a Week", "Marta Nowak", 2900, "Art", "beginner"),
    DemoCourse("Urban Sketching", "Marta Nowak", 3900, "Art", "beginner"),
    DemoCourse("Portraits in Charcoal", "Marta Nowak", 4900, "Art", "intermediate"),
    DemoCourse("Negotiation without Games", "Samuel Osei", 9900, "Business", "intermediate"),
    DemoCourse("Leading a Remote Team", "Samuel Osei", 6900, "Business", "beginner"),
    DemoCourse("How to Learn Anything: a Free Primer", PRIYA, 0, "Study skills", "beginner"),
)

FIRST_NAMES: Final = (
    "Elena David Hanna Marc Yuki Sofia Bola Oliver Li Grace Tom Ana Noah Mira Pavel Aisha Lars Chidi Rosa Emil "
    "Farah Jun Petra Kofi Nadia Hugo Ivy Omar Lena Ravi"
).split()
LAST_NAMES: Final = (
    "Okafor Lindqvist Delacroix Tanabe Marques Adeyemi Brandt Wei Mbeki Halloran Pereira Novak".split()
)

LESSONS: Final = (
    "Welcome, and how to use this course",
    "The big picture",
    "Your first exercise",
    "Where beginners go wrong",
    "A worked example",
    "Putting it together",
    "A project of your own",
    "What to do next",
)
