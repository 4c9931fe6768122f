"""Setting up an authenticator app: a secret is offered on a page, and kept once a code shows that the app has it.

What was offered is not stored: it comes back with the code, sealed for its person, so a page that was only looked at
leaves nothing behind.
"""

from __future__ import annotations

import base64
import binascii
import logging
import os
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from azora_admin.core import clock
from azora_admin.core.errors import Conflict, FieldError, Invalid
from azora_admin.core.ids import PersonId, new_id
from azora_admin.core.sealing import SealBroken, seal, unseal
from azora_admin.identity.actions.copies import forget_copies
from azora_admin.identity.rules.codes import SECRET_BYTES, matching_step
from azora_admin.identity.tables import AuthenticatorApp

_SETUP_LIFE: Final = timedelta(minutes=30)
_ID_BYTES: Final = 16
_TIME_BYTES: Final = 8
_HEAD: Final = _ID_BYTES + _TIME_BYTES

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AppSetup:
    """A secret that was offered to a person; ``id`` is the id that the app will have."""

    id: UUID
    secret: bytes


def offer_app() -> AppSetup:
    """A new secret, known to nobody yet."""
    return AppSetup(new_id(), os.urandom(SECRET_BYTES))


def seal_setup(setup: AppSetup, *, person_id: PersonId, secret_key: str) -> str:
    """The offered secret as a form carries it: readable here alone, for this person, for half an hour."""
    offered_at = int(clock.now().timestamp()).to_bytes(_TIME_BYTES)
    plain = setup.id.bytes + offered_at + setup.secret
    sealed = seal(secret_key, "app setup", plain, about=str(person_id))
    return base64.urlsafe_b64encode(sealed).decode()


def unseal_setup(text: str, *, person_id: PersonId, secret_key: str) -> AppSetup:
    """The offer in ``text``. Raises Conflict ``setup_over``: too old, or none of ours for this person."""
    try:
        sealed = base64.urlsafe_b64decode(text.encode())
        plain = unseal(secret_key, "app setup", sealed, about=str(person_id))
    except (binascii.Error, UnicodeEncodeError, SealBroken):
        raise _over() from None
    id_bytes, offered_at, secret = plain[:_ID_BYTES], plain[_ID_BYTES:_HEAD], plain[_HEAD:]
    if clock.now().timestamp() - int.from_bytes(offered_at) > _SETUP_LIFE.total_seconds():
        raise _over()
    return AppSetup(UUID(bytes=id_bytes), secret)


def keep_app(
    session: Session, setup: AppSetup, *, person_id: PersonId, name: str, code: str, secret_key: str
) -> None:
    """Keep the app whose ``code`` shows that it has the secret.

    Raises Invalid (field ``code``), or Conflict ``setup_over`` when this very offer was taken before.
    """
    now = clock.now()
    step = matching_step(setup.secret, code, now=now, last_step=None)
    if step is None:
        text = "This code is not right. Enter the six digits that the app shows now."
        raise Invalid([FieldError("code", "invalid_otp", text)])
    kept = session.scalar(
        insert(AuthenticatorApp)
        .values(
            id=setup.id,
            person_id=person_id,
            name=name,
            secret_sealed=seal(secret_key, "totp", setup.secret, about=str(setup.id)),
            last_step=step,
            created_at=now,
            last_used_at=None,
        )
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(AuthenticatorApp.id)
    )
    if kept is None:
        raise _over()
    forget_copies(session, person_id)


def use_app_code(session: Session, person_id: PersonId, code: str, *, secret_key: str) -> bool:
    """Whether ``code`` is one that an app of the person shows and that was not used yet; from now on it was.

    The person's apps are locked until the transaction ends, so that of two who bring the same code one is too late.
    """
    now = clock.now()
    apps = session.scalars(
        select(AuthenticatorApp)
        .where(AuthenticatorApp.person_id == person_id)
        .order_by(AuthenticatorApp.id)
        .with_for_update()
    )
    for app in apps.all():
        secret = _find_secret(app, secret_key)
        step = matching_step(secret, code, now=now, last_step=app.last_step) if secret else None
        if step is not None:
            app.last_step, app.last_used_at = step, now
            session.flush()
            return True
    return False


def _find_secret(app: AuthenticatorApp, secret_key: str) -> bytes | None:
    try:
        return unseal(secret_key, "totp", app.secret_sealed, about=str(app.id))
    except SealBroken as error:
        # Other apps, passkeys and recovery codes still let the person in.
        log.error("authenticator app %s can't be read: %s", app.id, error)
        return None


def _over() -> Conflict:
    return Conflict("setup_over", "This set-up is over: start again with a new QR code.")
