"""Files that leave as files: saved by the browser, never shown under our own address, whatever somebody put into them.

What people upload and what is exported for them goes through here. Should a browser show it all the same, it does so in
a sandbox: an origin of its own, no script, no cookie of ours.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from flask import Response

POLICY: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"
LONGEST_NAME: Final = 120
_NAMELESS: Final = "download"
# What no file system of a person's machine takes, and what begins a path or an extended parameter.
_FORBIDDEN: Final = re.compile(r'[\\/:*?"<>|%\s]+')
# Names of devices, which Windows opens instead of a file, whatever their ending.
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_ATTR_CHARS: Final = "!#$&+-.^_`|~"  # RFC 8187, beside letters and digits


def attachment(body: bytes | Iterable[bytes], *, name: str, kind: str) -> Response:
    """``body`` to be saved as ``name``, which may be anybody's words; ``kind`` is its media type.

    Bytes carry their length; anything else is sent as it comes.
    """
    response = Response(body, content_type=kind)
    response.headers["Content-Disposition"] = disposition(name)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "private, no-store"
    return response


def disposition(name: str) -> str:
    """The Content-Disposition of a file to be saved as ``name`` (RFC 6266): for old readers in ASCII, else as it is."""
    safe = safe_name(name)
    ascii_only = unicodedata.normalize("NFKD", safe).encode("ascii", "ignore").decode()
    plain = safe_name(f"{_NAMELESS}{ascii_only}" if ascii_only.startswith(".") else ascii_only)
    extended = "" if plain == safe else f"; filename*=UTF-8''{quote(safe, safe=_ATTR_CHARS)}"
    return f'attachment; filename="{plain}"{extended}'


def safe_name(name: str) -> str:
    """``name`` as a file of any machine may be called: no path, no control or direction sign, not too long."""
    # Cc, Cf, Cs …: a sign that turns the reading direction makes "exe.txt" of "txt.exe".
    visible = "".join(
        sign for sign in unicodedata.normalize("NFC", name) if unicodedata.category(sign)[0] != "C"
    )
    stem, dot, ending = _FORBIDDEN.sub("_", visible).strip("._").rpartition(".")
    if not dot or len(ending) > LONGEST_NAME // 4:
        stem, dot, ending = f"{stem}{dot}{ending}", "", ""
    stem = stem[: LONGEST_NAME - len(dot + ending)].strip("._")
    whole = f"{stem}{dot}{ending}" if stem else ending or _NAMELESS
    return f"_{whole}" if _DEVICES.fullmatch(whole) else whole
