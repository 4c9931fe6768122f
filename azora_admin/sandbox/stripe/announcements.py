"""From a change to the deliveries it causes: the event is written and its deliveries planned in one transaction."""

from __future__ import annotations

import json
from random import Random

from azora_admin.sandbox.stripe.book import Book
from azora_admin.sandbox.stripe.identifiers import new_identifier
from azora_admin.sandbox.stripe.json_types import Json
from azora_admin.sandbox.stripe.mischief import Mischief


def announce(book: Book, event: Json, mischief: Mischief, dice: Random) -> None:
    """Stores ``event`` (twice when a second event is asked for) and plans what each endpoint gets."""
    copies = [event]
    if mischief.second_event:
        copies.append(event | {"id": new_identifier("evt")})
    for one in copies:
        written = book.create("event", one)
        for endpoint in endpoints_for(book, written["type"]):
            for _ in range(1 + mischief.duplicate):
                _plan(book, written["id"], endpoint["id"], mischief, dice)


def endpoints_for(book: Book, event_type: str) -> list[Json]:
    """The enabled endpoints that asked for ``event_type``."""
    found = book.store.rows(
        "SELECT body FROM object WHERE account = ? AND kind = 'webhook_endpoint' AND gone = 0 ORDER BY seq",
        (book.account,),
    )
    endpoints: list[Json] = [json.loads(row[0]) for row in found]
    return [
        endpoint
        for endpoint in endpoints
        if endpoint["status"] == "enabled" and {"*", event_type} & set(endpoint["enabled_events"])
    ]


def plan_again(book: Book, event: Json) -> int:
    """Fresh deliveries of an old event to the endpoints of now; how many."""
    endpoints = endpoints_for(book, event["type"])
    for endpoint in endpoints:
        _plan(book, event["id"], endpoint["id"], Mischief(), Random(0))
    return len(endpoints)


def release(book: Book, mischief: Mischief, *, shuffle: bool | int, limit: int | None) -> int:
    """Lets held deliveries go, the oldest first or shuffled; how many."""
    held = [row[0] for row in book.store.rows("SELECT seq FROM delivery WHERE state = 'held' ORDER BY seq")]
    if shuffle is not False:
        Mischief(shuffle=shuffle, seed=mischief.seed if shuffle is True else shuffle).random().shuffle(held)
    chosen = held if limit is None else held[:limit]
    for place, seq in enumerate(chosen):  # all due already, and in this order
        due_at = book.now - (len(chosen) - place) * 1e-6
        book.store.run("UPDATE delivery SET state = 'pending', due_at = ? WHERE seq = ?", (due_at, seq))
    return len(chosen)


def _plan(book: Book, event_id: str, endpoint_id: str, mischief: Mischief, dice: Random) -> None:
    due_at = book.now + mischief.delay
    if mischief.shuffle is not False:
        due_at += dice.random() * mischief.shuffle_within
    state = "held" if mischief.hold else "pending"
    if mischief.drop and dice.random() < mischief.drop:
        state = "dropped"
    book.store.run(
        "INSERT INTO delivery (event_id, endpoint_id, account, state, due_at, first_due_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (event_id, endpoint_id, book.account, state, due_at, due_at),
    )
