"""What pages need to know for second factors: our name for passkeys, the policy, and which question is open.

Half a sign-in and an open question are remembered in the browser's signed cookie; both are kept on our side, and the
cookie alone opens nothing.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from flask import Flask, Response, current_app, request, session

from azora_admin.core.config import Settings
from azora_admin.flows.passkeys import Answer, Question
from azora_admin.identity.rules.passkeys import PasskeyRefused, Purpose
from azora_admin.identity.rules.relying_party import LOCAL, RelyingParty, is_this_machine, relying_party

_PARTY: Final = "azora.relying_party"
_REQUIRED: Final = "SECOND_FACTOR_REQUIRED"
_HALF: Final = "half"


def install(app: Flask, settings: Settings) -> None:
    """Tell ``app`` its name for passkeys and whether finance and admin must have a second factor."""
    app.extensions[_PARTY] = relying_party(settings.public_url)
    app.config[_REQUIRED] = settings.second_factor_required


def party() -> RelyingParty | None:
    """Our name for passkeys, or None where the site has only a number."""
    found: RelyingParty | None = current_app.extensions[_PARTY]
    return found


def has_passkeys() -> bool:
    """Whether passkeys can be used by whoever asks, here or at the ``better_place``.

    A site that was told no name has one on its own machine, and none for whoever comes from elsewhere.
    """
    here = party()
    return here is not None and (here.id != LOCAL or is_this_machine(_host()))


def better_place() -> str | None:
    """Where this page has to be opened for passkeys to work, when it was opened by another name; else None."""
    here = party()
    return here.origin if here is not None and _host() != here.id else None


def is_required() -> bool:
    """Whether finance and admin must have a second factor."""
    return bool(current_app.config[_REQUIRED])


def secret_key() -> str:
    """The key that secrets are sealed with."""
    return str(current_app.secret_key)


def keep_half(token: str) -> None:
    """Remember that this browser's person owes the second factor."""
    session[_HALF] = token


def half_token() -> str:
    """The token of the half sign-in, or nothing that there is one for."""
    return str(session.get(_HALF, ""))


def asked(purpose: Purpose, question: Question) -> Response:
    """The question as our script wants it; the browser remembers which one it was."""
    session[_open(purpose)] = question.id.hex
    response = Response(orjson.dumps(question.options), content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def answered(purpose: Purpose, credential: str) -> Answer:
    """The answer to the open question. Raises PasskeyRefused when none is open in this browser."""
    question = session.pop(_open(purpose), None)
    if question is None:
        raise PasskeyRefused("That took too long, or was answered already. Try again.")
    return Answer(UUID(hex=question), credential)


def _host() -> str:
    return urlsplit(request.host_url).hostname or ""


def _open(purpose: Purpose) -> str:
    return f"passkey_{purpose}"
