"""The moment that pictures show: every picture of a network looks through here."""

from collections.abc import Callable
from typing import TypeVar

from app.engine import manager
from dfa_lab.train.trainer import Trainer

T = TypeVar("T")


def look(id: str, function: Callable[[Trainer], T], wait: float | None = None) -> T:
    """See Manager.look."""
    return manager().look(id, function, wait)
