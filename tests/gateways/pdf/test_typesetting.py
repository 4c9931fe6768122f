"""What goes into a PDF is what comes out of it, whatever somebody wrote."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pypdf import PdfReader

from azora_admin.core import db
from azora_admin.gateways.pdf import typesetting
from azora_admin.gateways.pdf.typesetting import LayoutBroken, Paper, render

_AT = datetime(2026, 11, 28, 9, 30, tzinfo=UTC)


def receipt(**changes: Any) -> dict[str, Any]:
    data = {
        "title": "Receipt",
        "number": "R-2026-000123",
        "standing": None,
        "seller": "Azora",
        "foot": "Azora · Receipt R-2026-000123",
        "parties": [
            {"label": "From", "name": "Azora Learning, Inc.", "lines": ["548 Market Street"]},
            {"label": "To", "name": "Mara Okonkwo", "lines": ["mara@example.com"]},
        ],
        "facts": [["Date", "28 November 2026"], ["Paid with", "Visa •••• 4242"]],
        "lines": [[["Sorting", "Course"], "$149.00"]],
        "totals": [["Subtotal", "$149.00"], ["Paid", "$149.00"]],
        "notes": ["Keep it."],
    }
    return {**data, **changes}


def named(name: str) -> dict[str, Any]:
    return receipt(parties=[{"label": "To", "name": name, "lines": [name]}])


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).replace("\u200b", "")


def test_every_text_and_figure_comes_out_again() -> None:
    text = text_of(render("receipt", receipt(), at=_AT))
    for part in ("Receipt", "R-2026-000123", "Mara Okonkwo", "Visa •••• 4242", "$149.00", "Page 1 of 1"):
        assert part in text


def test_the_same_document_is_the_same_bytes() -> None:
    assert render("receipt", receipt(), at=_AT) == render("receipt", receipt(), at=_AT)


def test_it_is_titled_dated_tagged_and_in_a_language() -> None:
    read = PdfReader(io.BytesIO(render("receipt", receipt(), at=_AT)))
    assert read.metadata is not None
    assert (read.metadata.title, read.metadata.creation_date) == ("Receipt R-2026-000123", _AT)
    root: Any = read.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"


def test_it_is_made_by_the_standard_for_everybody_where_each_letter_has_a_shape() -> None:
    assert b"pdfuaid:part" in render("receipt", receipt(), at=_AT)
    assert b"pdfuaid:part" not in render("receipt", named("\ue0f0"), at=_AT)


def test_a_time_of_the_database_is_a_date_like_any_other() -> None:
    at = datetime(2026, 11, 28, 9, 30, 7, 123456, tzinfo=ZoneInfo("Europe/Berlin"))
    read = PdfReader(io.BytesIO(render("receipt", receipt(), at=at)))
    assert read.metadata is not None
    assert read.metadata.creation_date == datetime(2026, 11, 28, 8, 30, 7, tzinfo=UTC)


@pytest.mark.parametrize(("paper", "width"), [("a4", 595), ("us-letter", 612)])
def test_it_fits_the_paper_of_both_worlds(paper: Paper, width: int) -> None:
    (page,) = PdfReader(io.BytesIO(render("receipt", receipt(), at=_AT, paper=paper))).pages
    assert int(page.mediabox.width) == width


@pytest.mark.parametrize(
    "name",
    [
        '#eval("1+1") $x^2$ *bold* _it_ `code` @ref <label> \\u{41} // no /* no */',
        '#import "/pyproject.toml"',
        "#{ panic() }",
        "= A heading\n- a list",
        "-> => <= -- --- ... 'quoted' \"twice\"",
    ],
)
def test_no_text_is_read_as_markup(name: str) -> None:
    text = text_of(render("receipt", named(name), at=_AT))
    assert "".join(name.split()) in "".join(text.split())


@pytest.mark.parametrize(
    "name",
    ["שרה כהן", "فاطمة الزهراء", "山田太郎", "Mara 🎉 Okonkwo", "e\u0301" * 40, "நி", "👨\u200d👩"],
)
def test_a_name_in_any_script_makes_a_document(name: str) -> None:
    assert "$149.00" in text_of(render("receipt", named(name), at=_AT))


def test_signs_that_are_no_letters_do_no_harm() -> None:
    text = text_of(render("receipt", named("Ma\x00ra\x1b[31m\u202e Okonkwo\u2028\ud800"), at=_AT))
    assert "Ma ra [31m Okonkwo" in text
    assert "$149.00" in text


def test_a_word_without_end_stays_in_its_column() -> None:
    read = PdfReader(io.BytesIO(render("receipt", named("W" * 400), at=_AT)))
    (page,) = read.pages
    rightmost: list[float] = []
    page.extract_text(
        visitor_text=lambda text, _cm, tm, _font, _size: rightmost.append(tm[4]) if "W" in text else None
    )
    assert max(rightmost) < float(page.mediabox.width) - 50
    assert "W" * 400 in "".join(page.extract_text().replace("\u200b", "").split())


def test_a_long_one_repeats_its_head_and_counts_its_pages() -> None:
    lines = [[f"Course {number}", "$1.00"] for number in range(120)]
    pages = PdfReader(io.BytesIO(render("receipt", receipt(lines=lines), at=_AT))).pages
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        text = page.extract_text()
        assert f"Page {number} of {len(pages)}" in text
        assert "Description" in text


def test_a_layout_without_its_data_is_an_error_with_a_name() -> None:
    with pytest.raises(LayoutBroken, match="receipt"):
        render("receipt", {"title": "Receipt"}, at=_AT)


def test_nothing_is_set_inside_a_transaction(database: db.Database) -> None:
    with pytest.raises(RuntimeError, match="inside a transaction"), db.transaction():
        render("receipt", receipt(), at=_AT)


def test_letters_come_from_inter_as_the_build_laid_it() -> None:
    render("receipt", receipt(), at=_AT)
    assert "Inter" in typesetting._fonts().families()
    read = PdfReader(io.BytesIO(render("receipt", receipt(), at=_AT)))
    resources: Any = read.pages[0]["/Resources"]
    names = [font.get_object()["/BaseFont"] for font in resources["/Font"].values()]
    assert {name.split("+")[-1].split("-")[0] for name in names} == {"Inter"}
