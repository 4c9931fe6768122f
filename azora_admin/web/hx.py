"""htmx, in one place: who asks for a page and who for a part of it. Nothing else reads or writes HX-* headers.

A boosted or history-restoring request gets the whole page. The library's ``make_response`` is not used: its
check of reswap values refuses what htmx accepts.
"""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import urlsplit

from flask import Flask, Response, make_response, render_template
from flask import redirect as see_other
from htmx_flask import Htmx
from htmx_flask import request as htmx_request
from markupsafe import Markup
from werkzeug.urls import iri_to_uri

VARY: Final = ("HX-Request", "HX-Boosted", "HX-History-Restore-Request", "HX-Target")
_PAGE: Final = "layouts/base.html"
_PART: Final = "layouts/fragment.html"


def install(app: Flask) -> None:
    """Teach requests about htmx, templates which layout to extend, and caches what answers depend on."""
    Htmx(app)

    @app.context_processor
    def layout() -> dict[str, Any]:
        return {"layout": _PART if partial() else _PAGE, "oob": False}

    @app.after_request
    def vary(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.vary.update((*VARY, "Cookie", "Accept-Encoding"))
        return response


def asked() -> bool:
    """Whether htmx sent this request, for a page or for a part."""
    return bool(htmx_request.htmx)


def partial() -> bool:
    """Whether a part of a page is wanted."""
    htmx = htmx_request.htmx
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def current_path() -> str | None:
    """The path of the page in the browser that htmx sent this request from."""
    try:
        url = urlsplit(htmx_request.htmx.current_url or "")
    except ValueError:
        return None  # whoever made this up is not a browser
    return url.path + (f"?{url.query}" if url.query else "") if url.path else None


def respond(
    page: str,
    *,
    part: str,
    target: str,
    beside: tuple[str, ...] = (),
    push_url: str | None = None,
    status: int = 200,
    **context: Any,
) -> Response:
    """Send the fragment ``part`` when its element ``target`` is what htmx will swap, else the whole page.

    ``beside`` are fragments elsewhere on the page that follow from the same change; ``push_url`` is the
    canonical address of what is shown.
    """
    if not (partial() and htmx_request.htmx.target == target):
        return make_response(render_template(page, **context), status)
    body = render_template(part, **context)
    body += "".join(render_template(name, **{**context, "oob": True}) for name in beside)
    response = make_response(body, status)
    if push_url is not None:
        response.headers["HX-Push-Url"] = push_url
    return response


def toast(message: str, *, kind: str = "good") -> Markup:
    """A short notice for ``#toasts``, sent beside a fragment."""
    return Markup(render_template("components/_toast.html", message=message, kind=kind))  # noqa: S704  # escaped there


def wanted_part() -> str | None:
    """The id of the element that htmx will swap; None where a whole page is wanted."""
    return htmx_request.htmx.target if partial() else None


def redirect(url: str) -> Response:
    """Send the browser to ``url``: 303 for a form or link, HX-Redirect under htmx."""
    if not asked():
        return make_response(see_other(url, code=303))
    response = make_response("", 204)
    response.headers["HX-Redirect"] = iri_to_uri(url)  # as Werkzeug writes a Location: a header is ASCII
    return response


def close_dialog(response: Response) -> Response:
    """Have ``response`` close the open dialog and leave its target alone."""
    response.headers["HX-Trigger"] = json.dumps({"azora:close-dialog": {}})
    response.headers["HX-Reswap"] = "none"
    return response
