"""Whatever may come to the webhook endpoint that is no event of Stripe's for us, each with a name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.gateways.stripe.signing import event_body, header, signature

GOOD = event_body()


@dataclass(frozen=True)
class Forgery:
    """A body and the Stripe-Signature that it comes with."""

    name: str
    raw: bytes
    signature: str | None


def forgeries(now: int) -> list[Forgery]:
    """All of them, told at ``now`` (seconds since 1970)."""
    return [*_bad_signatures(now), *_bad_times(now), *_signed_nonsense(now)]


def _bad_signatures(now: int) -> list[Forgery]:
    good = header(GOOD, at=now)
    return [
        Forgery("no signature", GOOD, None),
        Forgery("an empty signature", GOOD, ""),
        Forgery("a signature of another secret", GOOD, header(GOOD, at=now, secret="whsec_other")),
        Forgery("a signature of an empty secret", GOOD, header(GOOD, at=now, secret="")),
        Forgery("a signature of a blank secret", GOOD, header(GOOD, at=now, secret=" ")),
        Forgery("a body changed after signing", GOOD.replace(b"pi_1", b"pi_2"), good),
        Forgery("a truncated body", GOOD[:-20], good),
        Forgery("a body written anew", json.dumps(json.loads(GOOD), indent=1).encode(), good),
        Forgery("an empty body under another's signature", b"", good),
        Forgery("a body that is not UTF-8", b"\xff\xfe" + GOOD, header(b"\xff\xfe" + GOOD, at=now)),
        Forgery("a signature that is not ASCII", GOOD, f"t={now},v1=é"),
        Forgery("a signature of a snowman", GOOD, f"t={now},v1=\u2603"),
        Forgery("an old scheme", GOOD, good.replace("v1=", "v0=")),
        Forgery("a time without a signature", GOOD, f"t={now}"),
        Forgery("a signature without a time", GOOD, good.split(",")[1]),
        Forgery("several wrong signatures", GOOD, f"t={now},v1=aa,v1=bb,v1={'0' * 64}"),
        Forgery("nothing but commas", GOOD, ",,,,,,"),
        Forgery("nothing but equals", GOOD, "=,=,t=,v1="),
    ]


def _bad_times(now: int) -> list[Forgery]:
    good = signature(GOOD, at=now)
    times = {
        "a stale time": str(now - 301),
        "a time of last year": str(now - 365 * 86_400),
        "a time in the future": str(now + 301),
        "a time of next year": str(now + 365 * 86_400),
    }
    signed = [Forgery(name, GOOD, header(GOOD, at=int(time))) for name, time in times.items()]
    words = ["", "now", "-5", "1e9", f"{now}.5", "٣", "9" * 400, " ", f"{now} ", f"0x{now:x}", f"{now}=1"]
    odd = [Forgery(f"the time {word[:12]!a}", GOOD, f"t={word},v1={good}") for word in words]
    two = Forgery("a good time behind a bad one", GOOD, f"t={now - 900},t={now},v1={good}")
    return [*signed, *odd, two]


def _signed_nonsense(now: int) -> list[Forgery]:
    thin = {"object": "v2.core.event", "type": "v1.invoice.paid", "related_object": {"id": "in_1"}}
    bodies: dict[str, bytes] = {
        "nothing": b"",
        "words": b"hello",
        "half an object": b'{"id": "evt_1"',
        "a list": b"[]",
        "a list of events": b"[" + GOOD + b"]",
        "a number": b"5",
        "null": b"null",
        "a text": b'"event"',
        "true": b"true",
        "an endless list": b"[" * 100_000,
        "an endless object": b'{"a":' * 50_000,
        "a nested list that ends": b"[" * 50_000 + b"]" * 50_000,
        "a thin event": event_body(**thin),
        "another object": event_body(object="payment_intent"),
        "two objects": GOOD + GOOD,
        "no data": event_body(data=None),
        "data without an object": event_body(data={}),
        "data whose object is a list": event_body(data={"object": []}),
        "data whose object is a text": event_body(data={"object": "pi_1"}),
        "an object whose id is a number": event_body(data={"object": {"id": 5}}),
        "an object whose id is a novel": event_body(data={"object": {"id": "x" * 256}}),
        "an object whose id holds NUL": event_body(data={"object": {"id": "pi_\0"}}),
        "an object whose id is half a letter": event_body(data={"object": {"id": "pi_\ud800"}}),
    }
    odd: tuple[Any, ...] = (None, [], {}, "", "\0", "\ud800", "x" * 256, True)
    for field in ("id", "type", "object", "created"):
        for word in odd:
            bodies[f"{field} {word!a:.12}"] = event_body(**{field: word})
    for word in (5, *odd[1:3], *odd[4:]):
        bodies[f"api_version {word!a:.12}"] = event_body(api_version=word)
    for number in (
        "1e400",
        "-1",
        "1.5",
        "253402300800",
        "9" * 30,
        "9" * 5000,
        "NaN",
        "Infinity",
        '"1782907200"',
    ):
        bodies[f"created {number[:12]}"] = event_body(created=-77).replace(b"-77", number.encode())
    for field in ("id", "type", "created", "object", "data"):
        body = json.loads(GOOD)
        del body[field]
        bodies[f"without {field}"] = json.dumps(body).encode()
    return [Forgery(f"signed: {name}", raw, header(raw, at=now)) for name, raw in bodies.items()]
