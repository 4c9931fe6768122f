"""What may stand where: commits, floats, the environment, broad handlers, names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.architecture.source import Source, calls, everything, program

# The worker's outermost loops: whatever a job raises, its event or row must keep the reason and wait.
MAY_CATCH_ALL: Final = frozenset({"azora_admin/jobs/mail.py", "azora_admin/jobs/stripe_events.py"})
MONEY: Final = (
    "core/money.py",
    "ledger/",
    "payments/",
    "marketplace/",
    "flows/",
    "reports/",
    "gateways/",
    "api/",
)
BARREN_NAMES: Final = re.compile(r"(Manager|Service|Helper|Util|Utils|Processor|Handler)$")
BARREN_FILES: Final = frozenset(
    {"utils.py", "util.py", "helpers.py", "helper.py", "service.py", "services.py", "common.py"}
)


def _is_about_money(source: Source) -> bool:
    return source.name.removeprefix("azora_admin/").startswith(MONEY)


def test_only_core_db_commits() -> None:
    found = [source.place(call) for source in program() for call in calls(source, "commit")]
    elsewhere = [place for place in found if not place.startswith("azora_admin/core/db.py:")]
    # The stand-in is another program with a book of its own; it answers for its own commits.
    assert [place for place in elsewhere if not place.startswith("azora_admin/sandbox/stripe/")] == []
    assert len(found) > len(elsewhere), "the test must see the one commit that there is"


def test_code_about_money_knows_no_float() -> None:
    money = [source for source in program() if _is_about_money(source)]
    assert len(money) > 20
    assert [place for source in money for place in _floats(source)] == []


def _floats(source: Source) -> Iterator[str]:
    yield from (source.place(call) for call in calls(source, "float"))
    for node in source.nodes():
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not _is_path(node):
            yield f"{source.place(node)} divides"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div | ast.FloorDiv | ast.Mod):
            for side, other in ((node.left, node.right), (node.right, node.left)):
                # 100 * 10**exponent, a hundred in the currency's own minor units, assumes nothing.
                if isinstance(side, ast.Constant) and side.value in (100, 1000) and not _is_power(other):
                    yield f"{source.place(node)} scales by {side.value}"


def _is_power(node: ast.expr) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow)


def _is_path(node: ast.BinOp) -> bool:
    """``folder / "name"`` joins a path."""
    return isinstance(node.right, ast.Constant) and isinstance(node.right.value, str)


@pytest.mark.parametrize(
    "line", ["amount * 100", "amount / 100", "100 * amount", "float(amount)", "amount / whole"]
)
def test_the_law_about_floats_sees_what_it_forbids(line: str) -> None:
    tree = ast.parse(line)

    class Text(Source):
        def nodes(self) -> Iterator[ast.AST]:
            yield from ast.walk(tree)

    assert list(_floats(Text(program()[0].path)))


def test_nothing_catches_everything_but_the_outermost_loops() -> None:
    found = {
        source.name
        for source in program()
        for node in source.nodes()
        if isinstance(node, ast.ExceptHandler) and _catches_all(node)
    }
    stand_in = {name for name in found if name.startswith("azora_admin/sandbox/stripe/")}
    assert found - stand_in <= MAY_CATCH_ALL


def _catches_all(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or getattr(kind, "id", "") in ("Exception", "BaseException") for kind in kinds)


def test_only_the_settings_and_the_start_read_the_environment() -> None:
    allowed = ("azora_admin/core/config.py", "azora_admin/launch/")
    found = [
        source.place(node)
        for source in program()
        for node in source.nodes()
        if isinstance(node, ast.Attribute | ast.Name) and _named(node) in ("environ", "getenv")
    ]
    assert [place for place in found if not place.startswith(allowed)] == []


def _named(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def test_names_are_of_the_domain_and_not_of_machinery() -> None:
    classes = [
        f"{source.place(node)} {node.name}"
        for source in everything()
        for node in source.nodes()
        if isinstance(node, ast.ClassDef) and BARREN_NAMES.search(node.name)
    ]
    files = [source.name for source in everything() if source.path.name in BARREN_FILES]
    assert classes + files == []


def test_nothing_is_left_for_later() -> None:
    # Put together, so that this file does not find itself.
    words = re.compile("|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "Not" + "ImplementedError"]))
    assert [source.name for source in everything() if words.search(source.text)] == []


def test_htmx_flask_stands_behind_web_hx_alone() -> None:
    assert [source.name for source in program() if "htmx_flask" in source.text] == ["azora_admin/web/hx.py"]


def test_no_test_sleeps_or_patches_our_own_code() -> None:
    tests = [source for source in everything() if source.name.startswith("tests/")]
    allowed = {"tests/eventually.py"}
    sleeping = [
        source.place(call)
        for source in tests
        for call in calls(source, "sleep")
        if source.name not in allowed
    ]
    patched = [
        source.place(call)
        for source in tests
        for name in ("patch", "setattr")
        for call in calls(source, name)
    ]
    assert sleeping + patched == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        source.name for source in program() if source.text.strip() and not ast.get_docstring(source.tree)
    ]
    assert silent == []
