"""What was on screen before a setting was changed: its curves stay behind the new ones, faint, to compare."""

from app.visit.session import Remembered


class Before(Remembered, prefix="before"):
    """The last change."""

    pair: tuple[str, str, str] | None = None  # (experiment on screen, the one before, what that had other settings in)


_before = Before()


def follows(id: str, other: str, had: str) -> None:
    """`id` has taken the place of `other`, which `had` these settings."""
    _before.pair = (id, other, had)


def of(id: str) -> dict[str, str] | None:
    """What the chart of an experiment is told of the one before it; None where it is not one of the visitor's changes."""
    if _before.pair is None or _before.pair[0] != id:
        return None
    _, other, had = _before.pair
    return {"experiment": other, "had": had}
