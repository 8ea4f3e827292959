"""Which experiments this visitor has ticked, in the table of all of them or elsewhere."""

from collections.abc import Iterable

from app.visit.session import Remembered, fresh


class Ticks(Remembered, prefix="runs"):
    """Ids of experiments."""

    chosen: set[str] = fresh(set)  # for the buttons above the table
    shown: set[str] = fresh(set)  # in comparisons
    version: int = 0  # of the table: it begins anew with each
    applied: dict[tuple[str, str], object] = fresh(dict)  # (id, column) -> what was last done of its changes


ticks = Ticks()


def anew() -> None:
    """Forget what is pending in the table, after ticks were changed elsewhere than in it."""
    ticks.version += 1
    ticks.applied = {}


def show_only(ids: Iterable[str]) -> None:
    """Compare these experiments alone."""
    ticks.shown = set(ids)
    anew()
