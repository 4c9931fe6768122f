"""What is saved and never shown: names, headers, and cells that are no formulas."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.sheets import as_csv
from azora_admin.web import downloads
from azora_admin.web.downloads import LONGEST_NAME, attachment, disposition, safe_name

HEADER = re.compile(
    r"""attachment; filename="([^"\\%\x00-\x1f\x7f-\uffff]+)"(?:; filename\*=UTF-8''([\w!#$&+.^`|~%-]+))?"""
)


@pytest.fixture
def files(app: Flask) -> FlaskClient:
    """The application with two files to save: one that would be a page, one that is sent as it comes."""

    def page() -> Response:
        return attachment(b"<script>alert(1)</script>", name="../Übersicht <1>.html", kind="text/html")

    def export() -> Response:
        return attachment(
            as_csv([("a", "b"), (1, "=1+1")]), name="payments.csv", kind="text/csv; charset=utf-8"
        )

    app.add_url_rule("/page", view_func=page)
    app.add_url_rule("/export", view_func=export)
    return app.test_client()


def test_a_file_is_saved_and_would_run_nothing_if_it_were_shown(files: FlaskClient) -> None:
    answer = files.get("/page")
    assert answer.data == b"<script>alert(1)</script>"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"Ubersicht_1.html\"; filename*=UTF-8''%C3%9Cbersicht_1.html"
    )
    assert answer.headers.getlist("Content-Security-Policy") == [downloads.POLICY]
    assert "allow-" not in downloads.POLICY, "a sandbox with nothing allowed"
    assert answer.headers.getlist("X-Content-Type-Options") == ["nosniff"]
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Length"] == str(len(answer.data))


def test_an_export_is_sent_row_by_row(files: FlaskClient) -> None:
    answer = files.get("/export")
    assert answer.data.decode() == "\ufeffa,b\r\n1,'=1+1\r\n"
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="payments.csv"'


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("payments 2026-07.csv", "payments_2026-07.csv"),
        ("../../etc/passwd", "etc_passwd"),
        ("C:\\Windows\\system32\\x.dll", "C_Windows_system32_x.dll"),
        ("a\r\nSet-Cookie: x=y", "aSet-Cookie_x=y"),
        ('a"; filename="b.exe', "a_;_filename=_b.exe"),
        ("annual\u202etxt.exe", "annualtxt.exe"),
        (".htaccess", "htaccess"),
        ("con.csv", "_con.csv"),
        ("LPT1", "_LPT1"),
        ("", "download"),
        ("...", "download"),
        ("\0", "download"),
        ("日本語.csv", "日本語.csv"),
        ("x" * 300 + ".csv", "x" * 116 + ".csv"),
        ("e\u0301", "é"),
    ],
)
def test_a_name_is_one_that_any_machine_can_keep(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_name_in_other_letters_has_one_in_ascii_beside_it() -> None:
    assert disposition("日本語.csv") == (
        "attachment; filename=\"download.csv\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC%E8%AA%9E.csv"
    )
    assert disposition("año.csv") == "attachment; filename=\"ano.csv\"; filename*=UTF-8''a%C3%B1o.csv"


@given(st.text())
def test_whatever_the_name_the_header_is_one_line_that_says_attachment(name: str) -> None:
    found = HEADER.fullmatch(disposition(name))
    assert found
    safe = safe_name(name)
    assert unquote(found[2]) == safe if found[2] else found[1] == safe
    for one in (safe, found[1]):
        assert 0 < len(one) <= LONGEST_NAME + 1
        assert not set(one) & set('/\\:"<>|*? \n\r\t\0')
        assert not one.startswith(".")
        assert safe_name(one) == one


@given(st.lists(st.lists(st.one_of(st.text(), st.integers(), st.none()), min_size=1), min_size=1))
def test_no_cell_is_a_formula_and_nothing_is_lost(rows: list[list[str | int | None]]) -> None:
    text = b"".join(as_csv(rows)).decode("utf-8-sig", "surrogatepass")
    read = list(csv.reader(io.StringIO(text, newline="")))
    for row, cells in zip(rows, read, strict=True):
        for value, cell in zip(row, cells or [""], strict=True):
            assert cell.removeprefix("'") == str("" if value is None else value).removeprefix("'")
            if isinstance(value, str):
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))


def test_a_table_is_sent_while_it_is_read() -> None:
    asked: list[int] = []

    def rows() -> Iterator[list[str | int | None]]:
        for number in range(10_000):
            asked.append(number)
            yield [number, "x" * 20]

    pieces = as_csv(rows())
    first = next(pieces)
    assert len(first) < 40_000
    assert len(asked) < 2_000
    assert (first + b"".join(pieces)).count(b"\r\n") == 10_000
