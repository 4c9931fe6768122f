"""The name that passkeys are bound to: our site, as browsers know it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

NAME: Final = "Azora"
LOCAL: Final = "localhost"
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """``id`` is the host's name, ``origin`` its full form: a passkey made for another one is of no use here."""

    id: str
    origin: str


def relying_party(public_url: str) -> RelyingParty | None:
    """Our site at ``public_url``; None where browsers allow no passkeys, because it has a number and no name.

    This machine has both: at http://127.0.0.1:8000 it is told as http://localhost:8000. Neither do browsers allow
    passkeys over plain HTTP anywhere but on this machine.
    """
    url = urlsplit(public_url)
    host = (url.hostname or "").lower()
    if is_this_machine(host):
        host = LOCAL
    if _is_address(host) or not host or (url.scheme != "https" and host != LOCAL):
        return None
    port = "" if url.port in (None, _DEFAULT_PORTS.get(url.scheme)) else f":{url.port}"
    return RelyingParty(host, f"{url.scheme}://{host}{port}")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_this_machine(host: str) -> bool:
    """Whether ``host`` is a name or number by which a machine calls itself."""
    return host == LOCAL or (_is_address(host) and ip_address(host).is_loopback)
