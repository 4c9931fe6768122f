"""Headers of every answer, and how the cookies behave. docs/security.md says what each is for.

Nothing on a page is inline, so the policy needs no nonce. Pages hold money and names: no cache keeps them,
which also stops a browser from showing a fragment when somebody goes back.
"""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, current_app

from azora_admin.core.config import Settings

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A page of ours copies an id and asks for a passkey. What else a browser can do is nothing that we would ever ask for.
_USED: Final = ("clipboard-write", "publickey-credentials-create", "publickey-credentials-get")
_UNUSED: Final = (
    "accelerometer autoplay browsing-topics camera clipboard-read compute-pressure cross-origin-isolated "
    "display-capture encrypted-media fullscreen gamepad geolocation gyroscope hid identity-credentials-get "
    "idle-detection keyboard-map local-fonts magnetometer microphone midi otp-credentials payment "
    "picture-in-picture screen-wake-lock serial speaker-selection storage-access sync-xhr usb "
    "window-management xr-spatial-tracking"
).split()
_PERMISSIONS: Final = ", ".join([f"{name}=(self)" for name in _USED] + [f"{name}=()" for name in _UNUSED])
_COMMON: Final = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_DOCUMENT: Final = (
    *_COMMON,
    ("Content-Security-Policy", POLICY),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", _PERMISSIONS),
)
# JSON asks a browser for nothing, and each header costs a µs of an answer that takes a few hundred.
_DATA: Final = (*_COMMON, ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"))
_DATA_TYPES: Final = frozenset({"application/json", "application/problem+json"})
_TWO_YEARS: Final = ("Strict-Transport-Security", "max-age=63072000; includeSubDomains")


def install(app: Flask, settings: Settings) -> None:
    """Set the headers and the cookie's manners."""
    secure = _is_secure(settings)
    app.config.update(
        SESSION_COOKIE_NAME=cookie_name("azora", settings),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_PATH="/",
    )
    data, document = ((*kind, _TWO_YEARS) if secure else kind for kind in (_DATA, _DOCUMENT))

    @app.after_request
    def protect(response: Response) -> Response:
        is_data = response.mimetype in _DATA_TYPES
        # A download has a stricter policy of its own, a conditional GET says how it may be kept.
        said = {name for name, _ in response.headers}
        response.headers.extend([one for one in (data if is_data else document) if one[0] not in said])
        return response


def cookie_name(name: str, settings: Settings) -> str:
    """What the cookie ``name`` is called here. Two instances on one host share its cookies, whatever their ports.

    ``__Host-``: browsers take it from https alone and for this host alone, so no subdomain can plant one (RFC 6265bis).
    """
    own = f"{name}_{settings.port}"
    return f"__Host-{own}" if _is_secure(settings) else own


def _is_secure(settings: Settings) -> bool:
    return settings.public_url.startswith("https://")


def cookies_are_secure() -> bool:
    """Whether the site is on https, so that a cookie of ours must never travel without it."""
    return bool(current_app.config["SESSION_COOKIE_SECURE"])
