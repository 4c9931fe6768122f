"""The addresses that are measured, and that both sides answer alike."""

from __future__ import annotations

import itertools
import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from azora_admin.core import clock
from azora_admin.core.ids import PersonId, new_id
from azora_admin.core.paging import Cursor, encode_cursor
from azora_admin.identity.rules import SignedIn
from azora_admin.identity.rules.tokens import write_token
from bench import rounds
from bench.keys import keys_of
from bench.load import EventMaker
from bench.rounds import Compared, Side
from bench.stage import SECRET, WEBHOOK_SECRET, Stage

PAGE: Final = 20
_PAYERS: Final = 40
_runs = itertools.count()


@dataclass(frozen=True, slots=True)
class Result:
    """A comparison with its goal. ``statements`` are what one request of A sends to the database."""

    name: str
    a_name: str
    b_name: str
    compared: Compared
    goal: float | None
    statements: list[str]

    @property
    def is_met(self) -> bool:
        return self.goal is None or self.compared.ratio >= self.goal


@dataclass(frozen=True, slots=True)
class Length:
    """How much is measured: rounds of each side, the seconds of one, and how many post to the book at once."""

    pairs: int
    seconds: float
    posters: int


def run(stage: Stage, length: Length) -> list[Result]:
    """Measure every HTTP case. Raises RuntimeError where ours and the floor do not say the same."""
    first, deep = _list(), _list(_deep_cursor(stage))
    payments = _payments(stage)
    for request in (first, deep, payments[0]):
        _check_same(stage, request)
    return [
        _webhook(stage, length),
        _against_floor(stage, "courses, first page", [first], goal=0.60, length=length),
        _deep_against_first(stage, first, deep, length),
        _against_floor(stage, "one payment by id", payments, goal=0.60, length=length),
        _key_against_token(stage, payments, length),
    ]


def _against_floor(stage: Stage, name: str, requests: list[str], *, goal: float, length: Length) -> Result:
    ours, floor = (Side(stage.servers[who], requests) for who in ("ours", "floor"))
    statements = _statements(stage, ours)
    return Result(name, "ours", "floor", _compare(stage, ours, floor, length), goal, statements)


def _deep_against_first(stage: Stage, first: str, deep: str, length: Length) -> Result:
    server = stage.servers["ours"]
    a, b = Side(server, [deep]), Side(server, [first])
    statements = _statements(stage, a)
    # At most 1.2 times as long is at least 1 / 1.2 times as often.
    return Result(_page_name(stage), "deep", "first", _compare(stage, a, b, length), 1 / 1.2, statements)


def _key_against_token(stage: Stage, payments: list[str], length: Length) -> Result:
    """What it costs that a key is looked up in the database at each call, and a token is not."""
    server = stage.servers["ours"]
    a, b = Side(server, _payments(stage, with_keys=True)), Side(server, payments)
    statements = _statements(stage, a)
    return Result("one payment, API key", "key", "token", _compare(stage, a, b, length), None, statements)


def _webhook(stage: Stage, length: Length) -> Result:
    ours, floor = (
        Side(stage.servers[who], [], {"secret": WEBHOOK_SECRET, "prefix": f"{who}{next(_runs)}"})
        for who in ("ours", "floor")
    )
    statements = _statements(stage, ours)
    before = _kept(stage)
    compared = _compare(stage, ours, floor, length)
    if min(after - was for after, was in zip(_kept(stage), before, strict=True)) <= 0:
        raise RuntimeError("webhooks were accepted and not kept")
    return Result("webhook receipt", "ours", "floor", compared, 0.80, statements)


def _compare(stage: Stage, a: Side, b: Side, length: Length) -> Compared:
    def measured(side: Side) -> Callable[[int], rounds.Round]:
        return lambda number: rounds.measure(stage, side, seconds=length.seconds, number=number)

    return rounds.compare(measured(a), measured(b), pairs=length.pairs)


def _statements(stage: Stage, side: Side) -> list[str]:
    """What one request sends to the database, once its connections and prepared statements are there."""
    event = EventMaker(side.event["prefix"] + "count", side.event["secret"]) if side.event else None
    requests = [event().decode() if event else side.requests[0] for _ in range(41)]
    for request in requests[:40]:
        _ask(side.server.port, request)
    with stage.statements() as seen:
        _ask(side.server.port, requests[40])
    return seen


def _list(cursor: str = "") -> str:
    query = f"?limit={PAGE}" + (f"&cursor={cursor}" if cursor else "")
    return _get(f"/api/v1/courses{query}")


def _get(path: str, token: str = "") -> str:
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{bearer}Accept: application/json\r\n\r\n"


def _deep_page(stage: Stage) -> int:
    return min(10_000, stage.scale.courses // PAGE // 2)


def _page_name(stage: Stage) -> str:
    return f"courses, page {_deep_page(stage):,}"


def _deep_cursor(stage: Stage) -> str:
    ((at, course_id),) = stage.query(
        "SELECT published_at, id FROM course WHERE status = 'published'"
        " ORDER BY published_at DESC, id DESC OFFSET %(skip)s LIMIT 1",
        skip=(_deep_page(stage) - 1) * PAGE - 1,
    )
    return encode_cursor(Cursor(at, course_id), secret=SECRET, scope="courses")


def _payments(stage: Stage, *, with_keys: bool = False) -> list[str]:
    """Payments of some payers, each with the payer's own token, or key."""
    rows = stage.query(
        "SELECT payment.id, person.id, person.name, person.email FROM payment JOIN person ON person.id = payer_id"
        " WHERE payer_id IN (SELECT id FROM person WHERE NOT 'instructor' = ANY(roles) ORDER BY id LIMIT %(payers)s)"
        " ORDER BY md5(payment.id::text) LIMIT 2000",
        payers=_PAYERS,
    )
    keys = keys_of(stage, {row[1] for row in rows}) if with_keys else {}
    return [_get(f"/api/v1/payments/{row[0]}", keys.get(row[1]) or _token(stage, *row[1:])) for row in rows]


def _token(stage: Stage, person_id: UUID, name: str, email: str) -> str:
    person = SignedIn(None, PersonId(person_id), name, email, frozenset({"learner"}))
    life = timedelta(hours=3)
    return write_token(person, key=stage.signing_key, token_id=new_id(), now=clock.now(), life=life)


def _check_same(stage: Stage, request: str) -> None:
    ours, floor = (json.loads(_ask(stage.servers[who].port, request)) for who in ("ours", "floor"))
    if ours != floor:
        raise RuntimeError(f"ours and the floor differ:\n{request}\n{ours}\n{floor}")


def _ask(port: int, request: str) -> bytes:
    """The body of the answer to a whole HTTP request, on a connection of its own."""
    head, _, body = request.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ")
    headers = dict(line.split(": ", 1) for line in lines)
    asked = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=body.encode() or None, headers=headers, method=method
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        told: bytes = answer.read()
        return told


def _kept(stage: Stage) -> tuple[Any, ...]:
    (counts,) = stage.query(
        "SELECT (SELECT count(*) FROM inbox_event), (SELECT count(*) FROM floor_inbox_event)"
    )
    return counts
