"""Points of any coordinates onto the grid of the square that is drawn on."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from dfa_lab.settings.point_text import STEPS, Unreadable

MARGIN = 0.95  # of the square's half side is filled
KEPT = 0.25  # share of the different coordinates of a direction that have to be different still

Pair = Sequence[float]


@dataclass(frozen=True)
class Fitted:
    """Steps of the grid, one pair a point, and what is to be said of how they were found."""

    places: list[tuple[int, int]]
    notes: list[str]


def fit(points: Sequence[Pair], lines: Sequence[int]) -> Fitted:
    """What lies within -1 and 1 stays where it is; all else is moved and scaled to fit, both directions alike.

    Where that would press a direction together, because the other one reaches much further, each is scaled by itself. Where
    one point is so far away that even so the others fall together, Unreadable is raised, with its line of `lines`.
    """
    different = len({tuple(point) for point in points})
    if max(abs(value) for point in points for value in point) <= 1:
        return _told(_on_grid(points, (0.0, 0.0), (1.0, 1.0)), different, [])
    sides = [[point[axis] for point in points] for axis in (0, 1)]
    middle = ((max(sides[0]) + min(sides[0])) / 2, (max(sides[1]) + min(sides[1])) / 2)
    halves = [(max(side) - min(side)) / 2 / MARGIN for side in sides]
    half = max(halves) or 1.0
    alike = _on_grid(points, middle, (half, half))
    if _apart(points, alike):
        return _told(alike, different, ["They reach beyond -1 and 1: they are moved and scaled to fit, both ways alike."])
    apart = _on_grid(points, middle, (halves[0] or 1.0, halves[1] or 1.0))
    if _apart(points, apart):
        wide, narrow = ("x", "y") if halves[0] > halves[1] else ("y", "x")
        why = f"{wide} reaches much further than {narrow}, so each is moved and scaled to fit by itself."
        return _told(apart, different, [why])
    far = _farthest(sides)
    axis = 0 if _together(points, apart, 0) else 1
    there, left = (len({pair[axis] for pair in some}) for some in (points, apart))
    raise Unreadable(
        f"a file without points that are far from all others: beside line {lines[far]}, ({points[far][0]:g}, "
        f"{points[far][1]:g}), the {there} different values of {'xy'[axis]} would fall on {left}"
    )


def _apart(points: Sequence[Pair], places: Sequence[tuple[int, int]]) -> bool:
    """Whether different coordinates are, most of them, different steps, in either direction."""
    return not any(_together(points, places, axis) for axis in (0, 1))


def _together(points: Sequence[Pair], places: Sequence[tuple[int, int]], axis: int) -> bool:
    """Whether most of the different coordinates of one direction are the same step."""
    before, after = (len({pair[axis] for pair in some}) for some in (points, places))
    least = 3 if before > 3 else min(before, 2)  # of two, one has all but the point that is far away
    return after < max(least, KEPT * before)


def _told(places: list[tuple[int, int]], different: int, notes: list[str]) -> Fitted:
    if (together := len(set(places))) < different:
        notes = [*notes, f"On the grid of {STEPS + 1} × {STEPS + 1} the {different} different points have {together} places."]
    return Fitted(places, notes)


def _on_grid(points: Sequence[Pair], middle: Pair, half: Pair) -> list[tuple[int, int]]:
    def step(value: float, axis: int) -> int:
        return round(((value - middle[axis]) / half[axis] + 1) / 2 * STEPS)

    return [(step(x, 0), step(y, 1)) for x, y in points]


def _farthest(sides: Sequence[Sequence[float]]) -> int:
    """The place in the list of the point that is furthest from the middle one, by the usual distance from that."""

    def distances(side: Sequence[float]) -> list[float]:
        centre = median(side)
        away = [abs(value - centre) for value in side]
        usual = median(away) or max(away) or 1.0
        return [one / usual for one in away]

    found = [max(pair) for pair in zip(*map(distances, sides), strict=True)]
    return found.index(max(found))
