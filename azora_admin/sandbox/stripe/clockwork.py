"""Does what is due, when the stand-in's clock says so: later tasks itself, deliveries by its workers."""

from __future__ import annotations

import threading

from azora_admin.sandbox.stripe.deliveries import Deliveries
from azora_admin.sandbox.stripe.store import StoreClosed
from azora_admin.sandbox.stripe.world import World

_LONGEST_NAP = 60.0


class Clockwork:
    """One thread; the world's alarm wakes it early."""

    def __init__(self, world: World, deliveries: Deliveries) -> None:
        self._world = world
        self._deliveries = deliveries

    def start(self) -> None:
        threading.Thread(target=self._run, name="clockwork", daemon=True).start()

    def _run(self) -> None:
        world = self._world
        try:
            while not world.ending.is_set():
                world.alarm.clear()
                do_due_tasks(world)
                world.alarm.wait(self._nap(self._deliveries.hand_out()))
        except StoreClosed:
            return

    def _nap(self, handed_out_at: float) -> float:
        world = self._world
        with world.transaction() as book:
            found = book.store.row(
                "SELECT min(due) FROM (SELECT min(due_at) AS due FROM later UNION ALL"
                " SELECT min(due_at) FROM delivery WHERE state = 'pending' AND due_at > ?)",
                (handed_out_at,),
            )
        due_at = found[0] if found else None
        if due_at is None or world.clock.frozen_at is not None:
            return _LONGEST_NAP
        return min(max(float(due_at) - world.clock.now(), 0.0), _LONGEST_NAP)


def do_due_tasks(world: World, *, until: float | None = None) -> int:
    """Does the later tasks that are due (or due by ``until``), oldest first, each in its own transaction."""
    done = 0
    while not world.ending.is_set():
        with world.transaction() as book:
            found = book.store.row(
                "SELECT seq, task, object_id FROM later WHERE due_at <= ? ORDER BY due_at, seq LIMIT 1",
                (book.now if until is None else until,),
            )
            if found is None:
                return done
            book.store.run("DELETE FROM later WHERE seq = ?", (found[0],))
            book.registry.later[found[1]](book, found[2])
            done += 1
    return done
