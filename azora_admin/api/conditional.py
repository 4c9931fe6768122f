"""Conditional GETs: whoever has an answer already is told 304 before the answer is made again.

A view gives a *key*, which says all that its body depends on and costs next to nothing: the rows' revisions, or the
few values themselves. The tag is a hash of it, keyed with this edition of the program, so that a new release, whose
answers may have another form, never tells 304 for an old one. It is weak (RFC 9110, 8.8.1): a proxy may compress the
body. docs/decisions/0009 tells what else was weighed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, Protocol

from flask import Flask, Response, current_app, request

from azora_admin.api import answers
from azora_admin.api.description import JSON

EXTENSION: Final = "azora.edition"
_PACKAGE: Final = Path(__file__).resolve().parents[1]
# Both may be stored and neither used unasked, so that nobody sees what is no longer so.
_SECOND: Final = timedelta(seconds=1)
Caching = tuple[tuple[str, str], ...]
_PRIVATE: Final = (("Cache-Control", "private, no-cache"), ("Vary", "Authorization, Accept-Encoding"))
_PUBLIC: Final = (("Cache-Control", "public, no-cache"), ("Vary", "Accept-Encoding"))


class Revised(Protocol):
    """A thing read from one row: ``core.revisions.revision`` was among the columns."""

    @property
    def revision(self) -> int: ...


def install(app: Flask) -> None:
    """Make the tags of ``app`` those of this edition: its code and its secret, which signs the cursors in lists."""
    secret = hashlib.sha256(str(app.secret_key).encode()).digest()
    app.extensions[EXTENSION] = hashlib.blake2b(_code(_PACKAGE), key=secret, digest_size=32).digest()


def answer(body: Callable[[], Any], *, key: str) -> Response:
    """``body()`` as JSON for its caller alone, or 304 when they have it.

    Two answers of one address that differ must have different keys, whoever asks and whatever the query string says.
    """
    return _answer(body, key, _PRIVATE)


def file_answer(make: Callable[[], Response], *, key: str, kind: str) -> Response:
    """``make()`` for its caller alone, or 304 when they have it: of the form ``kind``, which ``Accept`` chose."""
    response = _conditional(make, key, _PRIVATE, kind)
    response.vary.add("Accept")
    return response


def public_answer(body: Callable[[], Any], *, key: str, kept_for: timedelta | None = None) -> Response:
    """``answer`` that is the same for everybody: caches on the way may keep it too.

    They ask us each time, or may pass it on unasked for as long as ``kept_for`` says.
    """
    response = _answer(body, key, _PUBLIC)
    if kept_for is not None:
        response.headers["Cache-Control"] = f"public, max-age={kept_for // _SECOND}"
    return response


def revisions(things: Iterable[Revised]) -> str:
    """The key of things that were each read from one row: which they are, and how they stand."""
    return repr([one.revision for one in things])


def _answer(body: Callable[[], Any], key: str, caching: Caching) -> Response:
    return _conditional(lambda: answers.json(body()), key, caching)


def _conditional(make: Callable[[], Response], key: str, caching: Caching, kind: str = JSON) -> Response:
    tag = hashlib.blake2b(key.encode(), key=current_app.extensions[EXTENSION], digest_size=12).hexdigest()
    response = Response(status=304, content_type=kind) if _has(tag) else make()
    response.headers.update((("ETag", f'W/"{tag}"'), *caching))
    return response


def _has(tag: str) -> bool:
    """Whether the caller names ``tag`` among those it has (RFC 9110, 13.1.2: weak comparison)."""
    named = request.headers.get("If-None-Match")
    if named is None:
        return False
    # Apache's mod_deflate writes the coding into the tag, "…-gzip", and hands it to us like that.
    return named == "*" or f'"{tag}"' in named or f'"{tag}-' in named


@cache
def _code(folder: Path) -> bytes:
    """A digest of the whole program: which part of it shapes an answer is nothing to guess about."""
    digest = hashlib.blake2b(digest_size=32)
    for path in sorted(folder.rglob("*.py")):
        digest.update(hashlib.blake2b(path.read_bytes()).digest())
    return digest.digest()
