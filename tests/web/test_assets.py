"""Static files are kept for ever under an address that changes with them."""

from __future__ import annotations

import gzip
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


STYLE = "/static/css/azora.css"


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*", "deflate, gzip, br, zstd"])
def test_a_text_goes_packed_to_whoever_can_unpack_it(client: FlaskClient, accepted: str) -> None:
    with client.get(STYLE) as plain, client.get(STYLE, headers={"Accept-Encoding": accepted}) as packed:
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain.data
        assert packed.headers["Content-Length"] == str(len(packed.data))
        assert len(packed.data) < len(plain.data) / 3
        assert plain.headers["ETag"] != packed.headers["ETag"]
        for name in ("Content-Type", "Cache-Control", "Vary", "X-Content-Type-Options"):
            assert plain.headers[name] == packed.headers[name]
        assert plain.vary.as_set() == {"accept-encoding"}


@pytest.mark.parametrize("headers", [{}, {"Accept-Encoding": "gzip;q=0"}, {"Accept-Encoding": "br"}])
def test_a_text_goes_plain_to_whoever_can_not(client: FlaskClient, headers: dict[str, str]) -> None:
    with client.get(STYLE, headers=headers) as plain:
        assert "Content-Encoding" not in plain.headers
        assert plain.data.startswith(b"/*")


def test_a_packed_text_that_is_there_already_is_not_sent_again(client: FlaskClient) -> None:
    accepts = {"Accept-Encoding": "gzip"}
    etag = client.get(STYLE, headers=accepts).headers["ETag"]
    again = client.get(STYLE, headers={**accepts, "If-None-Match": etag})
    assert (again.status_code, again.data) == (304, b"")
    assert again.vary.as_set() == {"accept-encoding"}


def test_a_part_of_a_text_is_a_part_of_the_plain_one(client: FlaskClient) -> None:
    with client.get(STYLE, headers={"Accept-Encoding": "gzip", "Range": "bytes=0-1"}) as part:
        assert (part.status_code, part.data) == (206, b"/*")


def test_a_font_is_packed_already(client: FlaskClient) -> None:
    font = "/static/vendor/inter-latin-5.3.0.woff2"
    with client.get(font, headers={"Accept-Encoding": "gzip"}) as answer:
        assert "Content-Encoding" not in answer.headers
        assert "Accept-Encoding" not in answer.vary


@pytest.mark.parametrize(
    "path", ["/static/", "/static/nothing.css", "/static/../wsgi.py", "/static/%2e%2e/wsgi.py"]
)
def test_what_is_not_there_is_not_there_packed_either(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers={"Accept-Encoding": "gzip"}).status_code == 404
