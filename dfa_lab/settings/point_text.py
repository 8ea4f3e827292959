"""Points that a person drew, as the text that a setting holds: four characters a point, so that a link carries them.

A point is 24 bits, x and y from 0 to 1023 and the class from 0 to 15, in base64 with the two characters that addresses
take (RFC 4648, section 5). The square that is drawn on reaches from -1 to 1 both ways.
"""

import base64
import re
from collections.abc import Iterable
from typing import NamedTuple

STEPS = 1023  # from one side of the square to the other
MOST_POINTS = 500  # 2000 characters: with the other settings below what servers and proxies take as an address
MOST_CLASSES = 10  # as many as there are colours, and digits on a keyboard
EVERY = 5  # one point in so many of a class tests
CHARACTERS = re.compile(r"[A-Za-z0-9_-]*")


class Point(NamedTuple):
    """A point of the grid: x to the right and y upwards from 0 to STEPS, and the class."""

    x: int
    y: int
    t: int


class Unreadable(ValueError):
    """No points; the text goes on a sentence that ends in "give …"."""


def encode(points: Iterable[Point]) -> str:
    """The text of points of the grid."""
    return base64.urlsafe_b64encode(b"".join((x << 14 | y << 4 | t).to_bytes(3, "big") for x, y, t in points)).decode()


def decode(text: str) -> list[Point]:
    """The points of a text. Raises Unreadable for anything that no experiment can be made with."""
    if not CHARACTERS.fullmatch(text):
        raise Unreadable(
            "points as the page and its links write them, four characters of A-Z, a-z, 0-9, - and _ for each; or, on the "
            "command line, @FILE, which has x,y,class in each line"
        )
    if len(text) % 4:
        raise Unreadable(f"the whole text: {len(text)} characters are no multiple of four, so a part of it is missing")
    if len(text) > 4 * MOST_POINTS:
        raise Unreadable(f"at most {MOST_POINTS} points: these are {len(text) // 4}, and a link could not carry more")
    packed = base64.urlsafe_b64decode(text)
    numbers = [int.from_bytes(packed[start : start + 3], "big") for start in range(0, len(packed), 3)]
    points = [Point(number >> 14, number >> 4 & 1023, number & 15) for number in numbers]
    for place, point in enumerate(points, start=1):
        if point.t >= MOST_CLASSES:
            raise Unreadable(f"classes from 0 to {MOST_CLASSES - 1}: point {place} is of class {point.t}")
    if len({point.t for point in points}) < 2:
        have = "all of these are of one" if points else "there is no point yet"
        raise Unreadable(f"points of at least two classes, else there is nothing to tell apart: {have}")
    return points


def classes(points: list[Point]) -> int:
    """The highest class decides: a class whose last point was erased keeps its colour and its unit."""
    return max(point.t for point in points) + 1


def split(points: list[Point]) -> tuple[list[Point], list[Point]]:
    """(training, test): of each class every EVERY-th point, as drawn, tests. Where no class has so many, all do both."""
    seen, test = [0] * MOST_CLASSES, []
    for point in points:
        seen[point.t] += 1
        test.append(seen[point.t] % EVERY == 0)
    if not any(test):
        return points, points
    pairs = list(zip(points, test, strict=True))
    return [point for point, held in pairs if not held], [point for point, held in pairs if held]


def place(step: int) -> float:
    """A step of the grid as a coordinate from -1 to 1."""
    return 2 * step / STEPS - 1


def to_csv(points: list[Point]) -> str:
    """The points as a file with x,y,class in each line, from which they can be read again as they are."""
    return "x,y,class\n" + "".join(f"{place(x):.4f},{place(y):.4f},{t}\n" for x, y, t in points)
