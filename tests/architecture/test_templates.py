"""What templates, style sheet and scripts keep to, so that the strict policy holds and htmx 4 is an hour away."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.source import PACKAGE, ROOT

# A mail is no page: there is no policy for it, and mail programs know no style but the inline one.
TEMPLATES: Final = sorted(
    path for path in (ROOT / "templates").rglob("*.html") if path.parent.name != "emails"
)
FRAGMENTS: Final = [path for path in TEMPLATES if path.name.startswith("_")]
SCRIPTS: Final = sorted((ROOT / "static/js").glob("*.js"))
STYLE: Final = ROOT / "static/css/azora.css"

FORBIDDEN: Final = re.compile(
    r"""hx-on|hx-vars|hx-params|hx-delete|hx-put|hx-patch|js:|hx-trigger="[^"]*\[|\sstyle=|<style|<script(?![^>]*src)|\son[a-z]+=""",
)
SWAPS: Final = frozenset(
    {"innerHTML", "outerHTML", "morph:outerHTML", "morph", "none", "beforeend", "beforeend:#toasts", "true"}
)
VOID: Final = frozenset("area base br col embed hr img input link meta source track wbr".split())
# Built from a status, a method or a place in a list, so that their names stand nowhere in full.
BUILT: Final = re.compile(
    r"(pill|notice|delta)--(good|bad|warn|info|idle|flat)|[tis]+-(good|bad|warn|info)|f\d|menu--up|verb--[a-z]+|hl-[a-z0-9]+"
)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_has_nothing_inline_and_no_attribute_that_evaluates(path: Path) -> None:
    assert FORBIDDEN.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "bad",
    [
        '<p style="x">',
        '<a onclick="x">',
        "<script>x</script>",
        '<i hx-trigger="click[ctrlKey]">',
        '<i hx-on:click="x">',
        "<i hx-vals='js:{}'>",
    ],
)
def test_the_rule_sees_what_it_forbids(bad: str) -> None:
    assert FORBIDDEN.search(bad)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_swaps_are_of_the_kinds_that_htmx_4_knows_too(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = re.findall(r'hx-swap(?:-oob)?="([^"]*)"', text)
    assert {swap.split(" ")[0] for swap in found} <= SWAPS


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_form_that_changes_something_carries_its_token(path: Path) -> None:
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", path.read_text(encoding="utf-8"), re.DOTALL)
    assert [form for form in forms if "ui.csrf()" not in form and "ui.once(" not in form] == []


class Roots(HTMLParser):
    """The elements that stand at the top of a fragment, and their ids."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.found: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.depth == 0:
            self.found.append((tag, dict(attrs).get("id")))
        if tag not in VOID:
            self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.depth -= 1


@pytest.mark.parametrize("path", FRAGMENTS, ids=name)
def test_a_fragment_has_one_root_with_an_id_and_brings_its_macros(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if "ui." in text:
        assert "{% import 'components/ui.html' as ui with context %}" in text
    markup = re.sub(r"\{#.*?#\}|\{%-?\s*macro.*?endmacro.*?%\}", "", text, flags=re.DOTALL)
    markup = re.sub(r"\{%.*?%\}", "", markup, flags=re.DOTALL)
    markup = re.sub(r"\{\{.*?\}\}", "x", markup, flags=re.DOTALL)
    roots = Roots()
    roots.feed(markup)
    assert len(roots.found) == 1, roots.found
    assert roots.found[0][1], "the root needs an id"
    assert roots.depth == 0


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_a_template_asks_for_no_permission_and_does_no_arithmetic_on_money(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\.roles|has_role|\bin roles\b", text)
    assert not re.search(r"\.amount\s*[*/+-]|[*/]\s*100\b", text)


def test_every_icon_that_is_used_is_in_the_sprite() -> None:
    from tools.vendor import ICONS

    sources = [*TEMPLATES, *PACKAGE.glob("web/*.py"), *PACKAGE.glob("pages/**/*.py")]
    text = "".join(path.read_text(encoding="utf-8") for path in sources)
    used = set(re.findall(r"ui\.icon\('([a-z0-9-]+)'|ui\.empty\('([a-z0-9-]+)'", text))
    asked = {one or other for one, other in used}
    asked |= {icon for icon in ICONS if f"'{icon}'" in text or f'"{icon}"' in text}
    assert asked <= set(ICONS)
    assert set(ICONS) <= asked, "the sprite carries icons that nothing shows"


def test_every_class_in_the_style_sheet_is_used() -> None:
    css = re.sub(r"/\*.*?\*/|url\([^)]*\)", "", STYLE.read_text(encoding="utf-8"), flags=re.DOTALL)
    classes = set(re.findall(r"\.(-?[a-zA-Z_][\w-]*)", css))
    sources = [*TEMPLATES, *SCRIPTS, *PACKAGE.glob("web/*.py")]
    words = set(re.findall(r"[\w-]+", "".join(path.read_text(encoding="utf-8") for path in sources)))
    assert {one for one in classes - words if not BUILT.fullmatch(one)} == set()


def test_style_and_script_stay_within_their_budgets() -> None:
    def packed(*paths: Path) -> int:
        return len(gzip.compress(b"".join(path.read_bytes() for path in paths), mtime=0))

    assert packed(STYLE) <= 15_000
    assert packed(*SCRIPTS) <= 6_000


def test_the_fonts_in_the_style_sheet_are_the_ones_that_are_laid_down() -> None:
    from tools.vendor import COPIES

    laid = {target for _, target in COPIES if target.endswith(".woff2")}
    assert set(re.findall(r'url\("\.\./vendor/([^"]+)"\)', STYLE.read_text(encoding="utf-8"))) == laid


def test_only_glue_knows_the_names_of_htmx_events() -> None:
    assert [
        name(path) for path in SCRIPTS if "htmx" in path.read_text(encoding="utf-8").split("*/", 1)[1]
    ] == ["static/js/glue.js"]
