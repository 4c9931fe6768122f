"""What an export sums to: the same by parts as at once, and proved by the accounts alone."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from azora_admin.core.money import Money
from azora_admin.payments.rules.exports import PROOFS, account_name, added, book_of, controls, sealed_file
from azora_admin.payments.rules.returns import IN_FLIGHT

names = st.sampled_from(
    [account_name(kind, account) for proof in PROOFS.values() for kind, account, _ in proof]
)
accounts = st.dictionaries(
    st.sampled_from(["usd", "jpy", "kwd"]),
    st.dictionaries(names, st.integers(-(10**9), 10**9), min_size=1),
    max_size=3,
)


def totals(sums: dict[str, dict[str, int]]) -> dict[str, Any]:
    return {"accounts": sums, "book": book_of(sums, dict.fromkeys(sums, 1))}


@given(st.lists(accounts, max_size=4))
def test_parts_together_prove_what_they_prove_apart(parts: list[dict[str, dict[str, int]]]) -> None:
    whole: dict[str, Any] = {}
    for part in parts:
        whole = added(whole, totals(part))
    of_all = book_of(whole.get("accounts", {}), {})
    for code, book in whole.get("book", {}).items():
        assert {name: book[name] for name in PROOFS} == {name: of_all[code][name] for name in PROOFS}


def test_a_refund_that_failed_counts_wherever_it_came_back_from() -> None:
    sums = {
        account_name("sale", "stripe:balance"): -10_000,
        account_name("refund_reserved", IN_FLIGHT): 3000,
        account_name("refund_failed", IN_FLIGHT): -500,
        account_name("refund_failed", "stripe:balance"): -700,
        account_name("processing_fee", "stripe:fees"): -320,
    }
    book = book_of({"usd": sums}, {"usd": 2})
    assert book == {"usd": {"paid": 2, "gross": 10_000, "refunded": 1800, "fee": 320}}
    lines = {"usd": {"count": 3, **book["usd"]}}
    (control,) = controls({"lines": lines, "book": book, "accounts": {"usd": sums}})
    assert (control.count, control.paid, control.net, control.agrees) == (3, 2, Money(7880, "usd"), True)
    assert [one.total.amount for one in control.accounts] == [-10_000, 3000, -500, -700, -320]
    for name in ("paid", "gross", "refunded", "fee"):
        wrong = {"usd": {**lines["usd"], name: lines["usd"][name] + 1}}
        assert [one.agrees for one in controls({"lines": wrong, "book": book})] == [False]


def test_an_export_from_before_has_its_totals_and_no_file() -> None:
    old = {"gross": 4900, "refunded": 0, "fee": 172}
    (control,) = controls({"lines": {"usd": old}, "book": {"usd": old}})
    assert (control.count, control.paid, control.agrees, list(control.accounts)) == (None, None, True, [])
    assert sealed_file({"lines": {}, "book": {}}) is None
