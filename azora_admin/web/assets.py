"""Static files have addresses that change with their content, so a browser may keep them for ever.

What is text is packed once, as it is first asked for: a first visit costs a third of the bytes, and no proxy has to do
it again.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from pathlib import Path
from typing import Final

from flask import Flask, Response, request

_FOREVER: Final = "public, max-age=31536000, immutable"
# A font carries its version in its name, because the style sheet asks for it without ``?v=``.
_VERSION_IN_NAME: Final = re.compile(r"-\d+\.\d+\.\d+\.woff2$")
_TEXTS: Final = frozenset({".css", ".js", ".svg", ".txt"})


class Assets:
    """The static folder's files: the first eight digits of their SHA-256, read at the start, and texts packed."""

    def __init__(self, folder: Path) -> None:
        files = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        self._versions = {name: _version(path) for name, path in files.items()}
        # Read now, so that what is packed later is what the version tells of.
        self._texts = {name: path.read_bytes() for name, path in files.items() if path.suffix in _TEXTS}
        self._packed: dict[str, bytes] = {}

    def url(self, name: str) -> str:
        """The address of a static file. Raises LookupError when it isn't there: a typo, or no static/vendor."""
        version = self._versions.get(name)
        if version is None:
            raise LookupError(f"static/{name} is missing; make prepare lays the browser files")
        return f"/static/{name}" if _VERSION_IN_NAME.search(name) else f"/static/{name}?v={version}"

    def is_current(self, name: str, version: str | None) -> bool:
        """Whether the address that was asked for can only ever mean this content."""
        return bool(_VERSION_IN_NAME.search(name)) or version == self._versions.get(name, "")

    def is_text(self, name: str) -> bool:
        """Whether the file is there packed too."""
        return name in self._texts

    def packed(self, name: str) -> Response:
        """The text ``name`` in gzip. Its tag is not that of the plain file, and weak: a proxy may unpack it."""
        kind, _ = mimetypes.guess_type(name)
        packed = self._packed.get(name)
        if packed is None:
            packed = self._packed[name] = gzip.compress(self._texts[name], mtime=0)
        response = Response(packed, mimetype=kind)
        response.headers["Content-Encoding"] = "gzip"
        response.set_etag(f"{self._versions[name]}-packed", weak=True)
        return response


def install(app: Flask) -> None:
    """Give templates ``asset(name)`` and static answers their caching."""
    assets = Assets(Path(app.static_folder or "static"))
    app.jinja_env.globals["asset"] = assets.url

    def static(filename: str) -> Response:
        takes_gzip = request.accept_encodings.quality("gzip") > 0 and "Range" not in request.headers
        if takes_gzip and assets.is_text(filename):
            packed = assets.packed(filename)
            packed.make_conditional(request)
            return packed
        return app.send_static_file(filename)

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code < 400:
            name = (request.view_args or {}).get("filename", "")
            current = assets.is_current(name, request.args.get("v"))
            response.headers["Cache-Control"] = _FOREVER if current else "no-cache"
            if assets.is_text(name):
                response.vary.add("Accept-Encoding")
        return response

    app.view_functions["static"] = static


def _version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]
