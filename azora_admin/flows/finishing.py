"""How a story ends: what its face wants done in the transaction that completes it, such as keeping the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

T = TypeVar("T")

Finish = Callable[[Session, T], object]


def unanswered(session: Session, outcome: object) -> None:
    """Nobody waits for an answer: a job, a seed or a test."""
