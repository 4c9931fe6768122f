"""Forms: checked here, shown again with an error summary that uses each field's own words."""

from __future__ import annotations

from dataclasses import dataclass

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import InputRequired, Length

from azora_admin.core.errors import DomainError


@dataclass(frozen=True, slots=True)
class FormError:
    """One line of an error summary; ``field`` is the id it leads to."""

    field: str
    message: str


def problems_of(refused: DomainError, *, prefix: str = "") -> tuple[FormError, ...]:
    """What the domain refuses, a line for each field (whose id has ``prefix``), or one line for the whole form."""
    if not refused.errors:
        return (FormError(f"{prefix}form", refused.detail),)
    return tuple(FormError(f"{prefix}{one.field}", one.message) for one in refused.errors)


class Form(FlaskForm):  # type: ignore[misc]  # flask_wtf has no types
    """A form of ours. The blueprint's guard has checked its token before the view runs."""

    class Meta:
        csrf = False

    def problems(self) -> tuple[FormError, ...]:
        """What is wrong, in the order of the fields."""
        return tuple(
            FormError(field.id, message)
            for field in self
            for message in field.errors
            if isinstance(message, str)
        )


class SignInForm(Form):
    """Address and password; ``next`` is where the person wanted to go."""

    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address"), Length(max=320)])
    password = PasswordField("Password", [InputRequired("Enter your password"), Length(max=1024)])
    next = HiddenField()
