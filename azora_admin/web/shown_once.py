"""A secret that is shown once, on the page after the form that made it: sealed in the browser's cookie until then."""

from __future__ import annotations

from typing import Final, Literal

import orjson
from flask import current_app, session

from azora_admin.core.sealing import SealBroken, seal, unseal

Kind = Literal["recovery_codes", "api_key"]
_PURPOSE: Final = "shown once"


def keep(kind: Kind, words: list[str]) -> None:
    """Have ``words`` shown on the next page that asks for them."""
    sealed = seal(str(current_app.secret_key), _PURPOSE, orjson.dumps(words), about=kind)
    session[_slot(kind)] = sealed.hex()


def take(kind: Kind) -> list[str]:
    """What was kept, which is gone by that; nothing when there is nothing, or it was kept under another secret key."""
    sealed = session.pop(_slot(kind), None)
    if sealed is None:
        return []
    try:
        plain = unseal(str(current_app.secret_key), _PURPOSE, bytes.fromhex(sealed), about=kind)
    except SealBroken:
        return []
    words: list[str] = orjson.loads(plain)
    return words


def _slot(kind: Kind) -> str:
    return f"once_{kind}"
