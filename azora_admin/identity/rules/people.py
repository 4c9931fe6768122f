"""What an e-mail address, a name and a password may be. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from unicodedata import category

from email_validator import EmailNotValidError, validate_email

from azora_admin.core.errors import FieldError, Invalid
from azora_admin.identity.rules import passwords

NAME_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A checked sign-up: the address normalized, the password one that is not tried first."""

    email: str
    name: str
    password: str


def check_sign_up(*, email: str, name: str, password: str) -> NewPerson:
    """A sign-up that can be kept. Raises Invalid naming every field that can't be."""
    errors: list[FieldError] = []
    address = normalized_email(email)
    if address is None:
        errors.append(FieldError("email", "invalid_email", "Enter an e-mail address like name@example.com."))
    clean_name = tidy_name(name)
    if clean_name is None:
        errors.append(no_name())
    if weakness := passwords.complaint(password, about=(email, name)):
        errors.append(weakness)
    if errors or address is None or clean_name is None:
        raise Invalid(errors)
    return NewPerson(address, clean_name, password)


def tidy_name(text: str, *, longest: int = NAME_LONGEST) -> str | None:
    """The name with single spaces, or None if it is none, or longer than ``longest``."""
    name = " ".join(text.split())
    # Cc and Cs: control characters (the database can't hold NUL) and halves of a surrogate pair.
    if not 1 <= len(name) <= longest or any(category(letter) in ("Cc", "Cs") for letter in name):
        return None
    return name


def no_name(*, longest: int = NAME_LONGEST) -> FieldError:
    """What is said of a name that is none."""
    return FieldError("name", "invalid_length", f"Enter a name of up to {longest} characters.")


def normalized_email(text: str) -> str | None:
    """The address in the one form that we store (NFC, lower case), or None if it isn't one.

    Lower case although RFC 5321 lets the local part differ by case: two people who differ by it alone
    would be a way to be taken for somebody else.
    """
    try:
        checked = validate_email(text.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    return checked.normalized.lower()
