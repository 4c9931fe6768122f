"""The stand-in's own time: real, moved, or held still. Everything ``created`` and everything due follows it.

Signatures of deliveries don't: their receiver compares them with the real clock.
"""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """``offset`` seconds are added to real time; with ``frozen_at`` set, time does not pass by itself."""

    offset: float = 0.0
    frozen_at: float | None = None

    def now(self) -> float:
        """Seconds since 1970, with a fraction."""
        return time.time() + self.offset if self.frozen_at is None else self.frozen_at

    def moved_to(self, moment: float) -> Clock:
        """The same clock showing ``moment``: a frozen one stays frozen, a ticking one ticks on from there."""
        if self.frozen_at is not None:
            return Clock(frozen_at=moment)
        return Clock(offset=moment - time.time())

    def held(self) -> Clock:
        return Clock(frozen_at=self.now())

    def released(self) -> Clock:
        return Clock(offset=self.now() - time.time())
