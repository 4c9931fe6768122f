"""Host names and origins, as settings write them and requests say them: whole, in lower case, one by one."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

_HOST: Final = re.compile(r"(?![.-])[a-z0-9.-]{1,253}(?<![.-])|\[[0-9a-f:.]{2,45}\]")
_ORIGIN: Final = re.compile(rf"[a-z][a-z0-9+.-]*://(?:{_HOST.pattern})(?::\d{{1,5}})?")
_EVERYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104  read, not bound


def _several(value: object) -> object:
    """The parts of a list as the environment writes it, separated by commas."""
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


def _hosts(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not _HOST.fullmatch(name):
            raise ValueError(
                f"must be host names without scheme and port, in lower case, and {name!r} is none"
            )
    return names


def _origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        if not _ORIGIN.fullmatch(origin):
            raise ValueError(
                f"must be whole origins like https://app.example.com, each one by name, and {origin!r} is none"
            )
    return origins


Hosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_several), AfterValidator(_hosts)]
Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_several), AfterValidator(_origins)]


def host_names(public_url: str, listening_on: str, more: tuple[str, ...]) -> frozenset[str]:
    """Every name that a request's Host may have, without its port: the site's, the machine's own, and ``more``."""
    own = {"127.0.0.1", "localhost", "[::1]", _host_of(public_url), *more}
    if listening_on not in _EVERYWHERE:
        own.add(_host_of(f"//[{listening_on}]" if ":" in listening_on else f"//{listening_on}"))
    return frozenset(own)


def _host_of(url: str) -> str:
    """The host in ``url``, as a Host header writes it."""
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host
