"""How figures, times and names are written on pages. Templates write money and time only through these.

Times are UTC; the pages say so once. A year is named only when it is not this one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from flask import Flask
from markupsafe import Markup, escape

from azora_admin.core import clock
from azora_admin.core.money import Money, exponent, money_text
from azora_admin.payments.rules.cards import card_text
from azora_admin.web import (
    browsers,
    dispute_words,
    highlighting,
    navigation,
    outgoing_words,
    request_words,
    statuses,
)

MINUS: Final = "\u2212"
_DAY: Final = timedelta(days=1)


def install(app: Flask) -> None:
    """Give the filters to the templates."""
    app.jinja_env.filters.update(FILTERS)


def signed(money: Money) -> str:
    """``+$49.00`` or ``−$1.72``: for a column of changes."""
    return money_text(money) if money.amount < 0 else f"+{money_text(money)}"


def compact(money: Money) -> str:
    """``$7.5k`` or ``$2M``: for the axis of a chart, where round figures stand."""
    places = exponent(money.currency)
    units, rest = divmod(abs(money.amount), 10**places)
    if rest and units < 10:
        return money_text(money)
    for size, suffix in ((1_000_000, "M"), (1_000, "k")):
        if units >= size:
            tenths = (units * 10 + size // 2) // size
            figure = f"{tenths // 10:,}" + (f".{tenths % 10}" if tenths % 10 else "")
            return _whole(money, figure + suffix)
    return _whole(money, str(units))


def percent(basis_points: int) -> str:
    """Basis points as a percentage with one decimal: 1243 is ``12.4%``."""
    tenths = (abs(basis_points) + 5) // 10
    return f"{MINUS if basis_points < 0 else ''}{tenths // 10:,}.{tenths % 10}%"


def points(basis_points: int) -> str:
    """The difference of two percentages: 38 is ``0.4 pt``."""
    return percent(basis_points).removesuffix("%") + " pt"


def coded(words: str) -> Markup:
    """Words with whatever stands between backticks as code."""
    parts = words.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


def number(count: int) -> str:
    """A count with its thousands apart."""
    return f"{count:,}".replace("-", MINUS)


def moment(at: datetime) -> Markup:
    """``21 Nov, 18:42``, the full time in its title."""
    text = f"{_day(at.date())}, {at:%H:%M}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(_iso(at), _full(at), text)


def moment_exact(at: datetime) -> Markup:
    """``21 Nov 2026, 18:42:07``: where the second matters."""
    return Markup('<time datetime="{}">{}</time>').format(_iso(at), _full(at).removesuffix(" UTC"))


def ago(at: datetime) -> Markup:
    """``4 min ago`` within a day, else the time; the full time in its title."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(_iso(at), _full(at), ago_text(at))


def ago_text(at: datetime) -> str:
    """How long ago, in words; the time itself from a day on."""
    since = clock.now() - at
    minutes = int(since.total_seconds()) // 60
    if since >= _DAY or since < -timedelta(minutes=1):
        return f"{_day(at.date())}, {at:%H:%M}"
    if minutes < 1:
        return "just now"
    return f"{minutes} min ago" if minutes < 60 else f"{minutes // 60} h ago"


def day(on: date) -> Markup:
    """``21 Nov``, or ``21 Nov 2025``."""
    return Markup('<time datetime="{}">{}</time>').format(on.isoformat(), _day(on))


def day_text(on: date) -> str:
    """A day for where no markup fits: ``21 Nov``."""
    return _day(on)


def long_day(on: date) -> Markup:
    """``Monday 23 November 2026``."""
    return Markup('<time datetime="{}">{}</time>').format(on.isoformat(), f"{on:%A} {on.day} {on:%B %Y}")


def month(on: date) -> str:
    """``November 2026``."""
    return f"{on:%B %Y}"


def initials(name: str) -> str:
    """The first letters of the first and last word of a name."""
    words = name.split()
    ends = [words[0], words[-1]] if len(words) > 1 else words
    return "".join(word[0] for word in ends).upper() or "?"


def first_name(name: str) -> str:
    """The word that people are greeted by."""
    return name.split(maxsplit=1)[0] if name.split() else name


def middle_cut(text: str, keep: int = 8) -> str:
    """An id cut in its middle, so that both ends can be compared."""
    return text if len(text) <= 2 * keep + 1 else f"{text[:keep]}…{text[-keep:]}"


def size(count: int) -> str:
    """So many bytes: ``812 bytes``, ``13.4 kB``, ``2.1 MB``."""
    if count < 1000:
        return f"{count} bytes"
    unit, tenths = ("kB", count * 10 // 1000) if count < 1_000_000 else ("MB", count * 10 // 1_000_000)
    return f"{tenths // 10:,}.{tenths % 10} {unit}"


def plural(count: int, one: str, many: str) -> str:
    """``1 payment`` or ``3 payments``."""
    return f"{number(count)} {one if count == 1 else many}"


def _whole(money: Money, figure: str) -> str:
    """``figure`` with the sign and symbol that ``money`` would have."""
    zero = money_text(Money.zero(money.currency))
    symbol = zero[: zero.index("0")]
    return f"{MINUS if money.amount < 0 else ''}{symbol}{figure}"


def _day(on: date) -> str:
    year = "" if on.year == clock.now().year else f" {on.year}"
    return f"{on.day} {on:%b}{year}"


def _full(at: datetime) -> str:
    return f"{at.day} {at:%b %Y, %H:%M:%S} UTC"


def _iso(at: datetime) -> str:
    return escape(at.isoformat(timespec="seconds").replace("+00:00", "Z"))


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "role": navigation.role_word,
    "roles": navigation.roles_text,
    "money": money_text,
    "signed": signed,
    "compact": compact,
    "percent": percent,
    "points": points,
    "coded": coded,
    "number": number,
    "moment": moment,
    "moment_exact": moment_exact,
    "ago": ago,
    "ago_text": ago_text,
    "day": day,
    "day_text": day_text,
    "long_day": long_day,
    "month": month,
    "initials": initials,
    "first_name": first_name,
    "middle_cut": middle_cut,
    "card": card_text,
    "plural": plural,
    "device": browsers.words,
    "device_icon": browsers.icon,
    "payment_look": statuses.payment_look,
    "outgoing_kind": outgoing_words.outgoing_kind,
    "outgoing_look": outgoing_words.outgoing_look,
    "outgoing_title": outgoing_words.outgoing_title,
    "call_look": outgoing_words.call_look,
    "job_look": outgoing_words.job_look,
    "job_step": outgoing_words.job_step,
    "job_title": outgoing_words.job_title,
    "job_deed": outgoing_words.job_deed,
    "refund_look": statuses.refund_look,
    "dispute_look": dispute_words.dispute_look,
    "answer_look": dispute_words.answer_look,
    "due_look": dispute_words.due_look,
    "due_text": dispute_words.due_text,
    "run_look": request_words.RUN.__getitem__,
    "item_look": request_words.item_look,
    "event_look": statuses.EVENT.__getitem__,
    "bytes": size,
    "export_look": statuses.EXPORT.__getitem__,
    "day_look": statuses.DAY.__getitem__,
    "difference_look": statuses.DIFFERENCE.__getitem__,
    "decision_look": statuses.DECISION.__getitem__,
    "attempt_look": statuses.ATTEMPT.__getitem__,
    "brought_by": statuses.BROUGHT_BY.__getitem__,
    "json": highlighting.json_markup,
    "key_look": statuses.KEY.__getitem__,
    "course_look": statuses.COURSE.__getitem__,
}
