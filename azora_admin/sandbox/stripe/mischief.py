"""How deliveries are made to misbehave, as they do in the wild; nothing of it by default."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from random import Random
from typing import Any

from azora_admin.sandbox.stripe.errors import refused_parameter
from azora_admin.sandbox.stripe.json_types import Json


@dataclass(frozen=True, slots=True)
class Mischief:
    """Decided when an event is written: duplicate … hold. Decided at each attempt: bad_signature … api_version."""

    duplicate: int = 0  # further deliveries of every event
    second_event: bool = False  # a second event, with an id of its own, for the same change
    shuffle: bool | int = False  # out of order; a number is also the seed
    shuffle_within: float = 0.3  # seconds by which order may be lost
    delay: float = 0.0  # seconds before the first attempt
    drop: float = 0.0  # share of deliveries never made (the event is listed as undelivered)
    hold: bool = False  # kept back until released
    bad_signature: float = 0.0  # share of attempts signed with another secret
    stale: bool = False  # signed with a time of ten minutes ago
    api_version: str | None = None  # the version that the delivered event claims
    seed: int | None = None

    def random(self) -> Random:
        """The dice; the same seed throws the same."""
        seed = self.seed if self.seed is not None else self.shuffle
        return Random(None if seed is False else int(seed))

    def as_json(self) -> Json:
        return asdict(self)


def read_mischief(given: Json) -> Mischief:
    """A fresh Mischief of ``given``: what isn't named is off. Raises ApiError 400 for what there isn't."""
    kinds: dict[str, tuple[type, ...]] = {
        "duplicate": (int,), "second_event": (bool,), "shuffle": (bool, int), "shuffle_within": (int, float),
        "delay": (int, float), "drop": (int, float, bool), "hold": (bool,), "bad_signature": (int, float, bool),
        "stale": (bool,), "api_version": (str, type(None)), "seed": (int, type(None)),
    }  # fmt: skip
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in {one.name for one in fields(Mischief)}:
            raise refused_parameter(f"There is no control {name}.", name, "parameter_unknown")
        if not isinstance(value, kinds[name]) or (isinstance(value, bool) and bool not in kinds[name]):
            raise refused_parameter(f"Invalid {name}.", name)
        values[name] = value
    return Mischief(**values)
