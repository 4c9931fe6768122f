"""QR codes as SVG in the page itself: nothing is fetched, and nothing needs a style."""

from __future__ import annotations

import io

import segno
from markupsafe import Markup


def qr(text: str, *, label: str) -> Markup:
    """``text`` as a QR code, black on white in every theme, because that is what cameras read."""
    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawn,
        kind="svg",
        xmldecl=False,
        svgns=False,
        omitsize=True,
        nl=False,
        border=3,
        svgclass=None,
        lineclass=None,
    )
    # Drawn by the library out of modules, not out of the text.
    svg = Markup(drawn.getvalue().decode())  # noqa: S704
    return Markup('<div class="qr" role="img" aria-label="{}">{}</div>').format(label, svg)
