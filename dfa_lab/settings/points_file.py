"""Points out of a file of columns that a person has: what pandas reads, and in words how it was understood.

Separators , ; tab | and blanks, decimal points and commas, with names at the top or without, with or without an index column;
the coordinates and the class are found by the columns' names, else by what is in them. Classes may be numbers or names.
"""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from dfa_lab.settings.point_columns import NEEDED, NUMBER, SEPARATORS, SHOWN, Table, find, is_number, mostly_numbers, whole
from dfa_lab.settings.point_fitting import fit
from dfa_lab.settings.point_text import MOST_CLASSES, MOST_POINTS, Point, Unreadable, decode, encode

BLANKS = r"\s+"


@dataclass(frozen=True)
class PointsFile:
    """The points as the setting holds them, and `understood`: sentences that say what was taken for what."""

    points: str
    understood: str


def read(content: bytes) -> PointsFile:
    """The points of a file. Raises Unreadable, with the number of the line where it is one line's fault."""
    text, notes = _decoded(content)
    table = _table(text)
    x, y, t = find(table)
    places = [[_number(table, place, column) for column in (x, y)] for place in range(len(table.lines))]
    _one_mark(table, x, y)
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


def _table(text: str) -> Table:
    """Raises Unreadable."""
    import pandas as pd
    from pandas.errors import EmptyDataError, ParserError

    lines, separator, notes = _without_remarks(text.splitlines())
    blank = next((number for number, line in enumerate(lines) if line), len(lines))
    lines = lines[blank:]
    text = "\n".join(_even(lines, separator))
    try:
        options = {"header": None, "dtype": str, "keep_default_na": False, "na_filter": False, "skipinitialspace": True}
        cells = pd.read_csv(io.StringIO(text), sep=separator, skip_blank_lines=False, index_col=False, **options)
    except EmptyDataError:
        raise Unreadable(f"a file with {NEEDED}: this one is empty") from None
    except (ParserError, ValueError) as error:
        raise Unreadable(_ragged(str(error), blank, SEPARATORS.get(separator, "blanks"))) from None
    cells = cells.fillna("")
    cells.index = range(blank + 1, blank + len(cells) + 1)
    over = cells.map(lambda cell: "\n" in cell).any(axis=1)
    if over.any():
        raise Unreadable(f"a file with a point in each line: line {over.idxmax()} has a quotation mark that does not end in it")
    cells = cells.map(_tidied)
    cells = cells.loc[(cells != "").any(axis=1), (cells != "").any(axis=0)]
    if len(cells) == 0:
        raise Unreadable(f"a file with {NEEDED}: this one is empty")
    columns = {place: list(map(str, cells[place])) for place in cells.columns}
    return _without_names(columns, [*cells.index], separator, notes)


def _without_remarks(lines: Sequence[str]) -> tuple[list[str], str, list[str]]:
    """(the lines, empty where there is neither a point nor a name; the separator; what is to be said).

    numpy puts # before remarks and before the names, spreadsheets may begin with a line sep=;.
    """
    lines = ["" if line.isspace() else line for line in lines]
    there = [number for number, line in enumerate(lines) if line]
    told = re.fullmatch(r"sep=([;,|\t])", lines[there[0]].lower().strip(' "')) if there else None
    if told:
        lines[there.pop(0)] = ""
    remarks = [number for number in there if lines[number].lstrip().startswith("#")]
    if len(remarks) == len(there):  # names of colours, perhaps
        remarks = []
    rest = [number for number in there if number not in set(remarks)]
    separator = told[1] if told else _separator([lines[number] for number in rest])
    joint = None if separator == BLANKS else separator
    before = [number for number in remarks if number < rest[0]]
    if before and len((names := lines[before[-1]].lstrip("# \t")).split(joint)) == len(lines[rest[0]].split(joint)):
        lines[before[-1]] = names
        remarks.remove(before[-1])
    for number in remarks:
        lines[number] = ""
    return lines, separator, [f"Lines that begin with # are left out: {len(remarks)}."] if remarks else []


def _separator(lines: Sequence[str]) -> str:
    """The first that is in every line."""
    for separator in SEPARATORS:
        if lines and all(separator in line for line in lines):
            numbers = [line for line in lines if re.match(r"\s*[+-]?\d+,\d+\s+[+-]?\d", line)]
            return BLANKS if separator == "," and len(numbers) * 2 > len(lines) else separator
    return BLANKS if lines and all(len(line.split()) > 2 for line in lines) else ","


def _even(lines: Sequence[str], separator: str) -> list[str]:
    """With a cell more in the first line where all others have one more: each ends with a separator, or R named the lines."""
    joint = separator if separator in SEPARATORS else " "
    split = csv.reader([line for line in lines if line], delimiter=joint, skipinitialspace=True)
    try:
        first, *others = [[cell for cell in row if cell or joint != " "] for row in split]
    except (csv.Error, ValueError):  # pandas says what is wrong
        return list(lines)
    if not others or any(len(row) != len(first) + 1 for row in others) or any(map(is_number, first)):
        return list(lines)
    at_end = all(not row[-1].strip() for row in others)
    return [lines[0] + joint if at_end else f'""{joint}{lines[0]}', *lines[1:]]


def _tidied(cell: str) -> str:
    """Without blanks around it, and with a hyphen where a number has the longer minus."""
    cell = cell.strip()
    plain = cell.replace("\N{MINUS SIGN}", "-")
    return plain if NUMBER.fullmatch(plain) else cell


def _ragged(complaint: str, blank: int, separators: str) -> str:
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", complaint)
    if not found:
        return f"a file with as many columns in each line ({complaint.splitlines()[0][:80]})"
    before, line, there = found.groups()
    which = f"line {int(line) + blank} has {there}, those before have {before}"
    return f'a file with as many columns in each line: {which} ({separators} within a cell need quotes, "", around it)'


def _without_names(columns: dict[int, list[str]], lines: list[int], separator: str, notes: list[str]) -> Table:
    """The first line holds names if it has none where the others have numbers, or the numbers of the columns."""
    numbers = [cells for cells in columns.values() if len(lines) > 1 and mostly_numbers(cells[1:])]
    if not any(cells[0] and not is_number(cells[0]) for cells in numbers):
        if not _numbered(columns):
            return Table(columns, lines, None, separator, notes)
        notes = [*notes, f"Line {lines[0]} numbers the columns, as pandas does, and is no point."]
    kept = {place: cells for place, cells in columns.items() if any(cells[1:])}
    names = {place: cells[0] for place, cells in kept.items()}
    return Table({place: cells[1:] for place, cells in kept.items()}, lines[1:], names, separator, notes)


def _numbered(columns: dict[int, list[str]]) -> bool:
    """Whether the first line is 0, 1, 2, … over columns of which all but the last hold no number that looks like that."""
    first, *others = zip(*columns.values(), strict=True)
    own = 1 if not first[0] else 0  # the index has no number
    below = [cell for row in others for cell in row[own:-1]]
    counted = list(first[own:]) == [str(number) for number in range(len(first) - own)]
    return counted and len(first) - own > 2 and bool(others) and (own == 1 or not any(cell.isdigit() for cell in below))


def _number(table: Table, place: int, column: int) -> float:
    cell = table.columns[column][place]
    if not is_number(cell):
        raise Unreadable(f"a file with two numbers and a class in each line: {table.line(place)}")
    value = float(cell.replace(",", "."))
    if not abs(value) <= 1e12:  # not a number is neither
        raise Unreadable(f"a file with finite numbers: {table.line(place)}")
    return value


def _one_mark(table: Table, *columns: int) -> None:
    """Raise Unreadable where some numbers have a decimal comma and some a point, as with 1.234 for a thousand."""
    marks = {mark: place for place in range(len(table.lines)) for column in columns for mark in table.columns[column][place]}
    if "," in marks and "." in marks:
        there = " and ".join(table.line(marks[mark]) for mark in ",.")
        raise Unreadable(f"a file with one decimal mark, and none for thousands: {there}")


def _classes(table: Table, column: int) -> tuple[list[int], str]:
    """(the class of each point, a sentence about which name or number became which). Raises Unreadable."""
    cells = table.columns[column]
    if "" in cells:
        raise Unreadable(f"a file with a class in each line: {table.line(cells.index(''))}")
    numbers = [whole(cell) for cell in cells]
    for place, (cell, number) in enumerate(zip(cells, numbers, strict=True)):
        if is_number(cell) and number is None:
            raise Unreadable(f"a file with whole numbers or names as classes: {table.line(place)}")
    found = [number for number in numbers if number is not None]
    found = found if len(found) == len(cells) else cells
    there = sorted(set(found))
    if len(there) > MOST_CLASSES:
        raise Unreadable(f"a file with at most {MOST_CLASSES} classes: {table.called(column)} has {len(there)}")
    if all(isinstance(label, int) and 0 <= label < MOST_CLASSES for label in there) and there[0] == 0:
        none = [str(label) for label in range(int(there[-1])) if label not in there]
        empty = f" Without points, but with an output of the network: {', '.join(none)}." if none else ""
        return [int(label) for label in found], f"Classes: {', '.join(map(str, there))}.{empty}"
    number = {label: place for place, label in enumerate(there)}
    renamed = ", ".join(f"{str(label)[:SHOWN]} is {place}" for label, place in number.items())
    return [number[label] for label in found], f"Classes: {renamed}."
