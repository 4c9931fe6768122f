"""What differs between before and after, field by field, in words that can be shown. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from azora_admin.core.errors import Invalid
from azora_admin.core.money import Money, money_text

Kind = Literal["added", "removed", "changed", "kept"]
NOTHING: Final = "nothing"
_ORDER: Final = {"changed": 0, "removed": 1, "added": 2, "kept": 3}
_MONEY: Final = {"amount_minor", "currency"}
_FLAGS: Final = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class Change:
    """One field: what it lost and what it has got. Of a list these are its parts, of anything else the whole value.

    A field of a field is named with a dot between. What was kept stands in ``gained`` alone.
    """

    field: str
    kind: Kind
    lost: Sequence[str]
    gained: Sequence[str]


def changes(before: Mapping[str, object] | None, after: Mapping[str, object] | None) -> Sequence[Change]:
    """Every field of either, those that changed first, in the order of their names."""
    old, new = dict(_flat(before or {})), dict(_flat(after or {}))
    found = [_change(field, old, new) for field in sorted({*old, *new})]
    return sorted(found, key=lambda change: _ORDER[change.kind])


def _change(field: str, old: Mapping[str, object], new: Mapping[str, object]) -> Change:
    if field not in old:
        return Change(field, "added", (), _parts(new[field]))
    if field not in new:
        return Change(field, "removed", _parts(old[field]), ())
    was, now = old[field], new[field]
    if _same(was, now):
        return Change(field, "kept", (), _parts(now))
    if isinstance(was, list) and isinstance(now, list):
        lost, gained = _difference(_parts(was), _parts(now)), _difference(_parts(now), _parts(was))
        if lost or gained:
            return Change(field, "changed", lost, gained)
    return Change(field, "changed", (_whole(was),), (_whole(now),))


def _flat(facts: Mapping[str, object], path: str = "") -> Iterator[tuple[str, object]]:
    for name, value in facts.items():
        if isinstance(value, dict) and value and not _is_money(value):
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def _same(was: object, now: object) -> bool:
    # True == 1 in Python, and a flag is no number.
    return was == now and type(was) is type(now)


def _difference(of: Sequence[str], without: Sequence[str]) -> Sequence[str]:
    """The parts of ``of`` that ``without`` does not have, each as often as it is there too often."""
    left = Counter(of) - Counter(without)
    return list(left.elements())


def _parts(value: object) -> Sequence[str]:
    return [_words(part) for part in value] if isinstance(value, list) and value else (_words(value),)


def _whole(value: object) -> str:
    return ", ".join(_parts(value))


def _words(value: object) -> str:
    if isinstance(value, bool):
        return _FLAGS[value]
    if isinstance(value, dict) and _is_money(value):
        return _money(value)
    if isinstance(value, dict) and value:
        return "; ".join(f"{field}: {_whole(one)}" for field, one in sorted(_flat(value)))
    return NOTHING if value in (None, "", [], {}) else str(value)


def _is_money(value: Mapping[str, object]) -> bool:
    return set(value) == _MONEY


def _money(value: Mapping[str, object]) -> str:
    amount, currency = value["amount_minor"], value["currency"]
    try:
        return money_text(Money(amount, str(currency))) if isinstance(amount, int) else f"{amount} {currency}"
    except Invalid:
        return f"{amount} {currency}"
