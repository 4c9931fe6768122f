"""Static files are kept for ever under an address that changes with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from azora_admin.web.assets import Assets

FOREVER = "public, max-age=31536000, immutable"


def test_an_address_changes_with_the_content(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a {}")
    before = Assets(tmp_path).url("a.css")
    (tmp_path / "a.css").write_text("b {}")
    after = Assets(tmp_path).url("a.css")
    assert before.startswith("/static/a.css?v=")
    assert before != after


def test_a_file_that_is_not_there_is_an_error_and_not_a_dead_address(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"nope\.css"):
        Assets(tmp_path).url("nope.css")


def test_the_current_address_may_be_kept_for_ever_and_any_other_must_be_asked_again(
    client: FlaskClient,
) -> None:
    page = client.get("/sign-in").text
    address = next(part for part in page.split('"') if "azora.css" in part)
    with client.get(address) as current, client.get("/static/css/azora.css?v=00000000") as other:
        assert current.headers["Cache-Control"] == FOREVER
        assert other.headers["Cache-Control"] == "no-cache"


def test_a_font_may_be_kept_for_ever_because_its_name_has_its_version(client: FlaskClient) -> None:
    with client.get("/static/vendor/inter-latin-5.3.0.woff2") as font:
        assert font.status_code == 200
        assert font.headers["Cache-Control"] == FOREVER
