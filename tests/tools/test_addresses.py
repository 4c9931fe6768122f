"""Addresses of registries and of one machine are found wherever they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.addresses import matches

_HOST = "registry" + ".npmjs" + ".org"


@pytest.mark.parametrize(
    "text",
    [
        f"https://{_HOST}/htmx",
        '"resol' + f'ved": "https://{_HOST}"',
        "--index" + "-url x",
        "/ro" + "ot/azora/file",
        "/home" + "/ada/azora",
    ],
)
def test_an_address_that_must_not_be_kept_is_found(text: str) -> None:
    assert list(matches(text))


@pytest.mark.parametrize(
    "text", ["/tmp/azora", "the root/branch", "https://example.com/home/page", str(Path("a/b"))]
)
def test_other_paths_may_stand(text: str) -> None:
    assert list(matches(text)) == []
