"""Which columns of a table are the coordinates and the class, and what is in their cells."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from dfa_lab.settings.point_text import MOST_CLASSES, Unreadable

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
FOR_CLASSES = {"class", "classes", "label", "labels", "target", "targets", "category", "species", "group", "cluster", "t", "c"}
FOR_INDEX = {"", "index", "id", "no", "nr", "row"}
SHOWN = 40  # characters of a line or a name
NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d{1,4})?", re.IGNORECASE)
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
NEEDED = "two columns of numbers and one of classes"
LONGEST = 60  # digits of a class that is a number


@dataclass
class Table:
    """Cells as they stand, without names, blank lines and columns."""

    columns: dict[int, list[str]]  # by their place in the file, from 0
    lines: list[int]  # of the file, from 1, in which the cells are
    names: dict[int, str] | None  # of the columns; None where the file has none
    separator: str
    notes: list[str] = field(default_factory=list)

    def line(self, place: int) -> str:
        """For the end of a sentence that refuses."""
        joint = self.separator if self.separator in SEPARATORS else " "
        text = joint.join(column[place] for column in self.columns.values()).rstrip(joint)
        return f"line {self.lines[place]} is {text[:SHOWN]!r}"

    def called(self, column: int) -> str:
        """A column as sentences name it."""
        name = (self.names or {}).get(column, "")
        return repr(name[:SHOWN]) if name else f"column {column + 1}"


def is_number(cell: str) -> bool:
    """Whether it is one, or is written as none by numpy and pandas."""
    return NUMBER.fullmatch(cell) is not None or NOT_FINITE.fullmatch(cell) is not None


def mostly_numbers(cells: Sequence[str]) -> bool:
    """Whether more than half of the cells are numbers."""
    return 2 * sum(map(is_number, cells)) > len(cells)


def whole(cell: str) -> int | None:
    """The whole number that a cell is, in any spelling (1, 1.0, 1,0, 1.000e+00), else None."""
    if not NUMBER.fullmatch(cell):
        return None
    value = Decimal(cell.replace(",", "."))
    fits = value == 0 or value.adjusted() < LONGEST
    return int(value) if fits and value == value.to_integral_value() else None


def find(table: Table) -> tuple[int, int, int]:
    """The columns of x, y and the class; what is left out is noted. Raises Unreadable."""
    columns = list(table.columns)
    name = {place: text.lower() for place, text in (table.names or {}).items()}
    if len(columns) > 3 and (why := _no_matter(table, columns[0])):
        index = table.called(columns.pop(0))
        table.notes.append(f"{index[0].upper()}{index[1:]} {why} and is left out.")
    numbers = [one for one in columns if mostly_numbers(table.columns[one])]
    pair = _named_pair(name, numbers)
    t = [one for one in columns if name.get(one) in FOR_CLASSES] or [one for one in columns if one not in numbers]
    if not t and pair:
        rest = [one for one in columns if one not in pair]
        t = [one for one in rest if _labels(table.columns[one])] or rest
    elif not t and "y" in name.values():
        t = [one for one in columns if name[one] == "y"]  # of X and y, as scikit-learn calls them
    elif not t and len(columns) == 3:
        t = [_unnamed(table, columns)]
    places = [one for one in columns if one not in t and one in numbers]
    if len(t) == 1 and pair and t[0] not in pair:
        places = pair
    if len(t) != 1 or len(places) != 2:
        there = ", ".join(table.called(one) for one in columns[:8]) + (", …" if len(columns) > 8 else "")
        line = "" if table.names else f"; {table.line(0)}"
        raise Unreadable(f"a file with {NEEDED}, called x, y and class where there are more: this one has {there}{line}")
    if left := [one for one in columns if one not in (*places, *t)]:
        table.notes.append(f"Left out: {', '.join(map(table.called, left))}.")
    return places[0], places[1], t[0]


def _no_matter(table: Table, column: int) -> str:
    """Why the first column only says which line it is, empty where it may say more."""
    cells, name = table.columns[column], (table.names or {}).get(column, "")
    counted = [number - place for place, cell in enumerate(cells) if (number := whole(cell)) is not None]
    if name.lower() in FOR_INDEX and len(counted) == len(cells) and set(counted) in ({0}, {1}):
        return "counts the lines"
    alone = table.names is not None and not name and len(set(cells)) == len(cells)
    return "has no name" if alone else ""  # the index of a part of a table, or of a shuffled one


def _named_pair(name: Mapping[int, str], numbers: Sequence[int]) -> list[int]:
    """The columns called x and y, or x1 and x2, feature_0 and feature_1 and the like, if there is one such pair."""
    by_name = {text: place for place, text in name.items() if place in numbers}
    if "x" in by_name and "y" in by_name:
        return [by_name["x"], by_name["y"]]
    numbered = [(found, place) for text, place in by_name.items() if (found := re.fullmatch(r"(.*?)(\d{1,6})", text))]
    after = [(place, by_name.get(f"{found[1]}{int(found[2]) + 1}", -1)) for found, place in numbered]
    pairs = [[x, y] for x, y in after if x < y]
    return pairs[0] if len(pairs) == 1 else []


def _unnamed(table: Table, columns: Sequence[int]) -> int:
    """The column of the class where no name says it: the last one, unless that can be none and another one can."""
    last, cells = columns[-1], table.columns
    if _labels(cells[last]):
        return last
    wrong = sum(whole(cell) is None for cell in cells[last])
    if 2 * wrong <= len(table.lines) and len(set(cells[last])) <= MOST_CLASSES:
        return last  # some of its cells are wrong, and have to be named
    return next((one for one in columns if _labels(cells[one])), last)


def _labels(column: Sequence[str]) -> bool:
    """Whether it may be classes: few whole numbers."""
    found = [whole(cell) for cell in column]
    return None not in found and len(set(found)) <= MOST_CLASSES
