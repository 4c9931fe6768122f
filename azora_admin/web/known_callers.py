"""Whose bucket a request is counted in: the caller's own once a guard has accepted what they show, else their address'.

Nothing is looked up for it: what a guard has accepted (a token, a key, a session) is remembered by its hash. A token
that no guard has accepted yet counts for its address, in a bucket of its own. So tokens made up buy nothing: no fresh
bucket, and once that one is empty not even the look whether they are good. Whose tokens are known go on meanwhile.
"""

from __future__ import annotations

import hashlib
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from flask import Flask, Response, current_app, g, request, session

from azora_admin.identity.rules import SignedIn
from azora_admin.web.callers import find_caller
from azora_admin.web.errors import MACHINE_PREFIXES

_EXTENSION: Final = "azora.known_callers"
# About 200 bytes each.
_REMEMBERED: Final = 8192


def install(app: Flask) -> None:
    """Remember in this process, from nought, whom the guards of ``app`` accept."""
    app.extensions[_EXTENSION] = {}
    app.after_request(_remember)


def caller_or_address() -> str:
    """The bucket of the caller, as far as they are known, else that of their address."""
    person = find_caller()
    return _name(person) if person else _known_bucket() or address()


def address() -> str:
    """The bucket of the address that the request came from, as the trusted proxies tell it.

    An IPv6 network of 64 bits is one: whoever has an address there has all of them.
    """
    told = request.remote_addr or "nowhere"
    return f"address:{_network(told) if ':' in told else told}"


def is_unvalidated() -> bool:
    """Whether the request bears a token that no guard has accepted yet."""
    return not _known_bucket() and "Authorization" in request.headers


def _network(told: str) -> str:
    try:
        found = ip_address(told)
    except ValueError:
        return told
    if not isinstance(found, IPv6Address):
        return told
    return str(found.ipv4_mapped or IPv6Network((int(found) >> 64 << 64, 64)))


def _known_bucket() -> str:
    """The bucket of whoever showed the same before and was accepted; empty for anybody else."""
    found: str | None = g.get("known_bucket")
    if found is None:
        shown = _shown()
        known: dict[bytes, str] = current_app.extensions[_EXTENSION] if shown else {}
        found = g.known_bucket = known.get(shown or b"", "")
        if shown and not found:
            g.not_known_yet = shown
    return found


def _shown() -> bytes | None:
    """A hash of the token, key or session that the request came with."""
    is_page = not request.path.startswith(MACHINE_PREFIXES)
    text = session.get("_user_id") if is_page else request.headers.get("Authorization")
    return hashlib.sha256(text.encode()).digest() if text else None


def _remember(response: Response) -> Response:
    shown: bytes | None = g.get("not_known_yet")
    person = find_caller() if shown else None
    if shown and person:
        known: dict[bytes, str] = current_app.extensions[_EXTENSION]
        known[shown] = _name(person)
        while len(known) > _REMEMBERED:
            known.pop(next(iter(known)), None)
    return response


def _name(person: SignedIn) -> str:
    return f"key:{person.key_id}" if person.key_id else f"person:{person.seen_by or person.person_id}"
