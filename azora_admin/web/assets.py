"""Static files have addresses that change with their content, so a browser may keep them for ever."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

from flask import Flask, Response, request

_FOREVER: Final = "public, max-age=31536000, immutable"
# A font carries its version in its name, because the style sheet asks for it without ``?v=``.
_VERSION_IN_NAME: Final = re.compile(r"-\d+\.\d+\.\d+\.woff2$")


class Assets:
    """The static folder's files and the first eight digits of their SHA-256, read once at the start."""

    def __init__(self, folder: Path) -> None:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        self._versions = {path.relative_to(folder).as_posix(): _version(path) for path in files}

    def url(self, name: str) -> str:
        """The address of a static file. Raises LookupError when it isn't there: a typo, or no static/vendor."""
        version = self._versions.get(name)
        if version is None:
            raise LookupError(f"static/{name} is missing; make prepare lays the browser files")
        return f"/static/{name}" if _VERSION_IN_NAME.search(name) else f"/static/{name}?v={version}"

    def is_current(self, name: str, version: str | None) -> bool:
        """Whether the address that was asked for can only ever mean this content."""
        return bool(_VERSION_IN_NAME.search(name)) or version == self._versions.get(name, "")


def install(app: Flask) -> None:
    """Give templates ``asset(name)`` and static answers their caching."""
    assets = Assets(Path(app.static_folder or "static"))
    app.jinja_env.globals["asset"] = assets.url

    @app.after_request
    def keep(response: Response) -> Response:
        if request.endpoint == "static" and response.status_code < 400:
            name = (request.view_args or {}).get("filename", "")
            current = assets.is_current(name, request.args.get("v"))
            response.headers["Cache-Control"] = _FOREVER if current else "no-cache"
        return response


def _version(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]
