"""Points out of a file of columns that a person has: what pandas reads, and in words how it was understood.

Separators , ; tab | and blanks, decimal points and commas, with names at the top or without, with or without an index column;
the coordinates and the class are found by the columns' names, else by what is in them. Classes may be numbers or names.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from dfa_lab.settings.point_fitting import fit
from dfa_lab.settings.point_text import MOST_CLASSES, MOST_POINTS, Point, Unreadable, decode, encode

SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
BLANKS = r"\s+"
FOR_CLASSES = {"class", "classes", "label", "labels", "target", "targets", "category", "species", "group", "cluster", "t", "c"}
FOR_INDEX = {"", "index", "id", "no", "nr", "row"}
SHOWN = 40  # characters of a line or a name
NUMBER = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
NEEDED = "two columns of numbers and one of classes"


@dataclass(frozen=True)
class PointsFile:
    """The points as the setting holds them, and `understood`: sentences that say what was taken for what."""

    points: str
    understood: str


@dataclass
class _Table:
    """Cells as they stand, without names, blank lines and columns."""

    columns: dict[int, list[str]]  # by their place in the file, from 0
    lines: list[int]  # of the file, from 1, in which the cells are
    names: dict[int, str]  # of the columns, empty where the file has none
    separator: str
    notes: list[str] = field(default_factory=list)

    def line(self, place: int) -> str:
        """For the end of a sentence that refuses."""
        joint = self.separator if self.separator in SEPARATORS else " "
        text = joint.join(column[place] for column in self.columns.values()).rstrip(joint)
        return f"line {self.lines[place]} is {text[:SHOWN]!r}"

    def called(self, column: int) -> str:
        """A column as sentences name it."""
        name = self.names.get(column, "")
        return repr(name[:SHOWN]) if name else f"column {column + 1}"


def read(content: bytes) -> PointsFile:
    """The points of a file. Raises Unreadable, with the number of the line where it is one line's fault."""
    text, notes = _decoded(content)
    table = _table(text)
    x, y, t = _columns(table)
    places = [[_number(table, place, column) for column in (x, y)] for place in range(len(table.lines))]
    classes, named = _classes(table, t)
    if len(places) > MOST_POINTS:
        raise Unreadable(f"a file with at most {MOST_POINTS} points: this one has {len(places)}")
    fitted = fit(places, table.lines)
    points = encode(Point(*place, label) for place, label in zip(fitted.places, classes, strict=True))
    decode(points)
    split = SEPARATORS.get(table.separator, "blanks")
    decimal = ", with decimal commas" if any("," in cell for c in (x, y) for cell in table.columns[c]) else ""
    taken = f"{table.called(x)} is x, {table.called(y)} is y and {table.called(t)} the class"
    head = f"{len(places)} points, in columns between {split}{decimal}: {taken}."
    return PointsFile(points, " ".join([head, *notes, *table.notes, named, *fitted.notes]))


def _decoded(content: bytes) -> tuple[str, list[str]]:
    """(text, what is to be said of it). Raises Unreadable."""
    for encoding in ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not re.search(r"[\x00-\x08\x0e-\x1f]", text):
            return text, ["Its letters are read as Windows-1252."] if encoding == "cp1252" else []
    raise Unreadable("a text file with x,y,class in each line: this one is none")


def _table(text: str) -> _Table:
    """Raises Unreadable."""
    import pandas as pd
    from pandas.errors import EmptyDataError, ParserError

    blank = len(re.match(r"(?:[ \t]*\r?\n)*", text)[0].splitlines())  # type: ignore[index]
    text = "\n".join(text.splitlines()[blank:])
    text = re.sub(r"\A[ \t]*#[ \t]*", "", text)  # numpy writes the names so
    separator = _separator([line for line in text.splitlines() if line.strip()])
    try:
        options = {"header": None, "dtype": str, "keep_default_na": False, "na_filter": False}
        cells = pd.read_csv(io.StringIO(text), sep=separator, skip_blank_lines=False, index_col=False, **options)
    except EmptyDataError:
        raise Unreadable(f"a file with {NEEDED}: this one is empty") from None
    except (ParserError, ValueError) as error:
        raise Unreadable(_ragged(str(error), blank)) from None
    cells = cells.fillna("").map(str.strip)
    cells.index = range(blank + 1, blank + len(cells) + 1)
    cells = cells.loc[(cells != "").any(axis=1), (cells != "").any(axis=0)]
    if len(cells) == 0:
        raise Unreadable(f"a file with {NEEDED}: this one is empty")
    columns = {place: list(map(str, cells[place])) for place in cells.columns}
    return _without_names(columns, [*cells.index], separator)


def _separator(lines: Sequence[str]) -> str:
    """The first that is in every line."""
    for separator in SEPARATORS:
        if lines and all(separator in line for line in lines):
            numbers = [line for line in lines if re.match(r"\s*[+-]?\d+,\d+\s+[+-]?\d", line)]
            return BLANKS if separator == "," and len(numbers) * 2 > len(lines) else separator
    return BLANKS if lines and all(len(line.split()) > 2 for line in lines) else ","


def _ragged(complaint: str, blank: int) -> str:
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", complaint)
    if not found:
        return f"a file with as many columns in each line ({complaint.splitlines()[0][:80]})"
    before, line, there = found.groups()
    return f"a file with as many columns in each line: line {int(line) + blank} has {there}, those before have {before}"


def _is_number(cell: str) -> bool:
    return NUMBER.fullmatch(cell) is not None or NOT_FINITE.fullmatch(cell) is not None


def _without_names(columns: dict[int, list[str]], lines: list[int], separator: str) -> _Table:
    """The first line holds names if it has none where the others have numbers."""
    numbers = [cells for cells in columns.values() if len(lines) > 1 and _mostly_numbers(cells[1:])]
    if not any(cells[0] and not _is_number(cells[0]) for cells in numbers):
        return _Table(columns, lines, {}, separator)
    kept = {place: cells for place, cells in columns.items() if any(cells[1:])}
    names = {place: cells[0] for place, cells in kept.items()}
    return _Table({place: cells[1:] for place, cells in kept.items()}, lines[1:], names, separator)


def _mostly_numbers(cells: Sequence[str]) -> bool:
    return 2 * sum(map(_is_number, cells)) > len(cells)


def _columns(table: _Table) -> tuple[int, int, int]:
    """The columns of x, y and the class. Raises Unreadable."""
    cells, columns = table.columns, list(table.columns)
    name = {place: text.lower() for place, text in table.names.items()}
    if len(columns) > 3 and _counts(cells[columns[0]]) and name.get(columns[0], "") in FOR_INDEX:
        index = columns.pop(0)
        called = table.called(index)
        table.notes.append(f"{called[0].upper()}{called[1:]} counts the lines and is left out.")
    numbers = [one for one in columns if _mostly_numbers(cells[one])]
    by_name = {word: [one for one in columns if name.get(one) == word] for word in ("x", "y")}
    t = [one for one in columns if name.get(one) in FOR_CLASSES]
    t = t or [one for one in columns if one not in numbers]
    if not t and by_name["y"] and not by_name["x"]:
        t = by_name["y"]  # of X and y, as scikit-learn calls them
    if not t and len(columns) == 3:
        last = sum(map(_is_whole, cells[columns[2]]))
        t = [columns[0] if 2 * last < len(table.lines) and _labels(cells[columns[0]]) else columns[2]]
    places = [one for one in columns if one not in t and one in numbers]
    if len(t) == 1 and by_name["x"] and by_name["y"] and t[0] not in (x := by_name["x"][0], y := by_name["y"][0]):
        places = [x, y]
    if len(t) != 1 or len(places) != 2:
        there = ", ".join(table.called(one) for one in columns[:8]) + (", …" if len(columns) > 8 else "")
        line = f"; {table.line(0)}" if not table.names else ""
        raise Unreadable(f"a file with {NEEDED}, called x, y and class where there are more: this one has {there}{line}")
    if left := [one for one in columns if one not in (*places, *t)]:
        table.notes.append(f"Left out: {', '.join(map(table.called, left))}.")
    return places[0], places[1], t[0]


def _counts(column: Sequence[str]) -> bool:
    """Whether it is 0, 1, 2, … or 1, 2, 3, …"""
    return list(column) in ([str(n) for n in range(k, k + len(column))] for k in (0, 1))


def _labels(column: Sequence[str]) -> bool:
    """Whether it may be classes: few whole numbers."""
    return all(_is_whole(cell) for cell in column) and len(set(column)) <= MOST_CLASSES


def _is_whole(cell: str) -> bool:
    return re.fullmatch(r"[+-]?\d+([.,]0*)?", cell) is not None


def _number(table: _Table, place: int, column: int) -> float:
    cell = table.columns[column][place]
    if not _is_number(cell):
        raise Unreadable(f"a file with two numbers and a class in each line: {table.line(place)}")
    value = float(cell.replace(",", "."))
    if not abs(value) <= 1e12:  # not a number is neither
        raise Unreadable(f"a file with finite numbers: {table.line(place)}")
    return value


def _classes(table: _Table, column: int) -> tuple[list[int], str]:
    """(the class of each point, a sentence about which name or number became which). Raises Unreadable."""
    cells = table.columns[column]
    if "" in cells:
        raise Unreadable(f"a file with a class in each line: {table.line(cells.index(''))}")
    whole = [_is_whole(cell) for cell in cells]
    if any(_is_number(cell) and not one for cell, one in zip(cells, whole, strict=True)):
        raise Unreadable(f"a file with whole numbers or names as classes: {table.line(whole.index(False))}")
    found = [int(float(cell.replace(",", "."))) for cell in cells] if all(whole) else cells
    there = sorted(set(found))
    if len(there) > MOST_CLASSES:
        raise Unreadable(f"a file with at most {MOST_CLASSES} classes: {table.called(column)} has {len(there)}")
    if all(isinstance(label, int) and 0 <= label < MOST_CLASSES for label in there) and there[0] == 0:
        return [int(label) for label in found], f"Classes: {', '.join(map(str, there))}."
    number = {label: place for place, label in enumerate(there)}
    renamed = ", ".join(f"{str(label)[:SHOWN]} is {place}" for label, place in number.items())
    return [number[label] for label in found], f"Classes: {renamed}."
