"""The site answers to its own names alone: a request made under a foreign one (a rebound DNS name, a poisoned cache, a
link in a forged mail) is refused before anything reads it.
"""

from __future__ import annotations

import logging
import re
from typing import Final

from flask import Flask, request

from azora_admin.core.config import Settings
from azora_admin.core.errors import DomainError
from azora_admin.web import request_ids

log = logging.getLogger(__name__)

# Who watches a process asks it by the address it happens to have; these two tell nothing and lead nowhere.
_ASKED_BY_ADDRESS: Final = frozenset({"/healthz", "/readyz"})
_PORT: Final = re.compile(r":\d{0,5}$")


class UnknownHost(DomainError):
    """The request is for another site than this one."""

    def __init__(self) -> None:
        super().__init__(
            400, "unknown_host", "This site does not go by the name in the request's Host header."
        )


def install(app: Flask, settings: Settings) -> None:
    """Have ``app`` refuse (400) every request whose Host is none of the names in ``settings``."""
    names = settings.host_names

    @app.before_request
    def check() -> None:
        host = request.headers.get("Host", "")
        if _PORT.sub("", host.lower()) in names or request.path in _ASKED_BY_ADDRESS:
            return
        log.info(
            "request %s: the host %r is none of ours; AZORA_ALLOWED_HOSTS can add it",
            request_ids.current(),
            host[:100],
        )
        raise UnknownHost
