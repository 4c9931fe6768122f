"""Headers of every answer, and the forgery check of every form.

Nothing on a page is inline, so the policy needs no nonce. Pages hold money and names: no cache keeps them,
which also stops a browser from showing a fragment when somebody goes back.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response
from flask_wtf.csrf import CSRFProtect

from azora_admin.core.config import Settings

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_TWO_YEARS: Final = "max-age=63072000; includeSubDomains"

csrf: Final = CSRFProtect()


def install(app: Flask, settings: Settings) -> None:
    """Set the headers and the cookie's manners. Guards ask ``csrf`` themselves: the API has no cookie to forge."""
    secure = settings.public_url.startswith("https://")
    app.config.update(
        # Two instances on one host share its cookies, whatever their ports.
        SESSION_COOKIE_NAME=f"azora_{settings.port}",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,
    )
    csrf.init_app(app)
    headers = {**_HEADERS, "Strict-Transport-Security": _TWO_YEARS} if secure else _HEADERS

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers.extend(headers)
        if response.mimetype == "text/html":
            response.headers["Cache-Control"] = "no-store"
        return response
