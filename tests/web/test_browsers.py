"""Browsers in the words of people."""

from __future__ import annotations

import pytest

from azora_admin.web import browsers

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "words", "icon"),
    [
        (f"{MAC} Chrome/156.0.0.0 Safari/537.36", "Chrome on Mac", "monitor"),
        (f"{MAC} Version/18.4 Safari/605.1.15", "Safari on Mac", "monitor"),
        (f"{WINDOWS} Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0", "Edge on Windows", "monitor"),
        (f"{WINDOWS} Chrome/156.0.0.0 Safari/537.36 OPR/120.0.0.0", "Opera on Windows", "monitor"),
        (
            "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0",
            "Firefox on Linux",
            "monitor",
        ),
        (
            "Mozilla/5.0 (Linux; Android 16; K) (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
            "smartphone",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) CriOS/156.0 Mobile Safari/604.1",
            "Chrome on iPhone",
            "smartphone",
        ),
        ("curl/8.5.0", "curl", "monitor"),
        ("Azora/3.1 (iPhone; iOS 18.4)", "Azora on iPhone", "smartphone"),
        ("Mozilla/5.0 (Haiku)", "A browser", "monitor"),
        ("<b>x</b>/1", "A browser", "monitor"),
        ("", "A browser", "monitor"),
    ],
)
def test_a_browser_is_called_by_its_own_name_and_its_system(agent: str, words: str, icon: str) -> None:
    assert (browsers.words(agent), browsers.icon(agent)) == (words, icon)
