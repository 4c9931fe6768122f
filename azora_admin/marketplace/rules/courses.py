"""What a course may be, and how its price is shared. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from azora_admin.core.charge_limits import check_charge, largest_charge, smallest_charge
from azora_admin.core.errors import FieldError, Invalid
from azora_admin.core.money import Money, money_text

LEVELS: Final = ("beginner", "intermediate", "advanced")
WHOLE: Final = 10_000  # basis points
INSTRUCTOR_BASIS_POINTS: Final = 7_000
_SLUG_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class CourseDraft:
    """A checked course, ready to be kept."""

    title: str
    slug: str
    summary: str
    category: str
    level: str
    language: str
    price: Money


def check_course(
    *, title: str, summary: str, category: str, level: str, language: str, price: Money
) -> CourseDraft:
    """A course that can be kept. Raises Invalid naming every field that can't."""
    errors: list[FieldError] = []
    clean = " ".join(title.split())
    if not 3 <= len(clean) <= 160:
        errors.append(FieldError("title", "invalid_length", "Enter a title of 3 to 160 characters."))
    if len(summary) > 2000:
        errors.append(FieldError("summary", "invalid_length", "Enter a summary of up to 2,000 characters."))
    if not 1 <= len(category) <= 60:
        errors.append(FieldError("category", "invalid_length", "Enter a category of up to 60 characters."))
    if level not in LEVELS:
        errors.append(FieldError("level", "unknown_level", f"Choose a level from {', '.join(LEVELS)}."))
    if not re.fullmatch(r"[a-z]{2}", language):
        errors.append(FieldError("language", "unknown_language", "Enter a two-letter language code like en."))
    errors.extend(_control_characters(title=clean, summary=summary, category=category))
    if not price.is_zero and check_charge(price):
        errors.append(FieldError("price", "invalid_price", _prices(price.currency)))
    if errors:
        raise Invalid(errors, code="invalid_course_data")
    return CourseDraft(clean, slug_of(clean), summary, category, level, language, price)


def slug_of(title: str) -> str:
    """The title as it can stand in an address: lower-case ASCII words joined by hyphens.

    A title without a Latin letter gets a name of its own, made from its letters.
    """
    ascii_text = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:_SLUG_LONGEST].rstrip("-")
    return slug or f"course-{hashlib.sha256(title.encode(errors='replace')).hexdigest()[:10]}"


def _control_characters(**texts: str) -> Iterator[FieldError]:
    for field, text in texts.items():
        # Line ends belong in a text; NUL, which the database can't hold, and its like do not.
        if any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\r\t" for letter in text):
            yield FieldError(field, "control_character", "Leave out control characters.")


def _prices(currency: str) -> str:
    between = f"{money_text(smallest_charge(currency))} to {money_text(largest_charge(currency))}"
    return f"Enter 0 for a free course, or a price from {between}."


def check_shares(shares: Mapping[str, int]) -> None:
    """Raise Invalid unless every share is positive and together they leave the platform nought or more."""
    if not shares or any(points < 1 for points in shares.values()) or sum(shares.values()) > WHOLE:
        text = "Shares are positive basis points that add up to at most 10,000."
        raise Invalid([FieldError("shares", "invalid_shares", text)], code="invalid_course_data")
