"""Forms: checked here, shown again with an error summary that uses each field's own words."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, StringField
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


def refused(response: Response, refusal: DomainError) -> Response:
    """The form that is shown again; for a refusal that passes (RFC 6585) with its status and the time to wait."""
    if refusal.retry_after is not None:
        response.status_code = refusal.status
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response


class SignInForm(Form):
    """Address and password; ``next`` is where the person wanted to go."""

    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address"), Length(max=320)])
    password = PasswordField("Password", [InputRequired("Enter your password"), Length(max=1024)])
    next = HiddenField()


class SignUpForm(Form):
    """A new account; what each field may be the domain says, of all at once."""

    name = StringField("Your name")
    email = EmailField("E-mail address")
    password = PasswordField("Password")


class ForgottenForm(Form):
    """Whose password was forgotten."""

    email = EmailField("E-mail address", [InputRequired("Enter your e-mail address"), Length(max=320)])


class ResetForm(Form):
    """The password that takes the forgotten one's place."""

    password = PasswordField("New password", [InputRequired("Choose a password"), Length(max=1024)])


class PasswordForm(Form):
    """Another password for somebody who is signed in."""

    current_password = PasswordField(
        "Current password", [InputRequired("Enter your current password"), Length(max=1024)]
    )
    new_password = PasswordField("New password", [InputRequired("Choose a password"), Length(max=1024)])


class EmailForm(Form):
    """Another address for somebody who is signed in."""

    email = EmailField("New e-mail address", [InputRequired("Enter the new address"), Length(max=320)])
    current_password = PasswordField(
        "Current password", [InputRequired("Enter your current password"), Length(max=1024)]
    )


class SecondStepForm(Form):
    """A code of an authenticator app or a recovery code."""

    code = StringField("Code", [InputRequired("Enter the code"), Length(max=64)])
    next = HiddenField()


class ProofForm(Form):
    """Password and, for whoever has a second factor, a code; named apart from the fields of the form that is kept."""

    proof_password = PasswordField("Password", [InputRequired("Enter your password"), Length(max=1024)])
    proof_code = StringField("Code", [Length(max=64)])


class NewAppForm(Form):
    """What an authenticator app is called, the code it shows, and the sealed secret that it was offered."""

    name = StringField("Name", [Length(max=200)])
    code = StringField("Code", [InputRequired("Enter the six digits that the app shows"), Length(max=64)])
    setup = HiddenField("Set-up", [InputRequired(), Length(max=1024)])


class NewPasskeyForm(Form):
    """What a passkey is called, and what the browser made."""

    name = StringField("Name", [Length(max=200)])
    credential = HiddenField("Passkey", [InputRequired("Your browser made no passkey: try again")])
