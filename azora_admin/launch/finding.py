"""What the doctor finds: well, worth noting, or wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``sentence`` says what to do when it is wrong."""

    thing: str
    state: Literal["well", "noted", "wrong"]
    sentence: str

    @property
    def is_wrong(self) -> bool:
        return self.state == "wrong"

    def line(self) -> str:
        mark = {"well": "ok   ", "noted": "note ", "wrong": "WRONG"}[self.state]
        return f"{mark}  {self.thing:<14} {self.sentence}"


def well(thing: str, sentence: str) -> Finding:
    return Finding(thing, "well", sentence)


def noted(thing: str, sentence: str) -> Finding:
    return Finding(thing, "noted", sentence)


def wrong(thing: str, sentence: str) -> Finding:
    return Finding(thing, "wrong", sentence)
