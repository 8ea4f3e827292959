"""Points out of files as people have them: what is understood, what is said of it, and what is refused, with its line."""

import csv
import random

import numpy as np
import pandas as pd
import pytest

from dfa_lab.settings.point_text import Point, Unreadable, decode, place, to_csv
from dfa_lab.settings.points_file import read

PLACES = [(-1.0, -0.5), (0.25, 0.75), (1.0, 1.0)]
POINTS = [Point(0, 256, 0), Point(639, 895, 1), Point(1023, 1023, 0)]  # on the grid of 1024, with classes a, b, a
FRAME = pd.DataFrame({"x": [-1.0, 0.25, 1.0], "y": [-0.5, 0.75, 1.0], "class": ["a", "b", "a"]})
LABELLED = "Classes: a is 0, b is 1."


def lines(
    joint: str, decimal: str = ".", rows=(("-1", "-.5", "a"), (".25", ".75", "b"), ("1", "1.0", "a")), head: str = ""
) -> str:
    return head + "".join(joint.join(cell.replace(".", decimal) for cell in row) + "\n" for row in rows)


KINDS = {  # text, what is said of it
    "commas": (
        lines(","),
        "3 points, in columns between commas: column 1 is x, column 2 is y and column 3 the class. " + LABELLED,
    ),
    "semicolons": (lines(";"), "between semicolons"),
    "tabs": (lines("\t"), "between tabs"),
    "blanks": (lines("  "), "between blanks"),
    "bars": (lines("|"), "between bars"),
    "decimal commas": (lines(";", ","), "between semicolons, with decimal commas"),
    "decimal commas between tabs": (lines("\t", ","), "between tabs, with decimal commas"),
    "decimal commas between blanks": (
        lines(" ", ",", (("-1,0", "-0,5", "a"), ("0,25", "0,75", "b"), ("1,0", "1,0", "a"))),
        "blanks",
    ),
    "quoted": ('"x","y","class"\n"-1","-0,5","a"\n"0,25","0,75","b"\n"1","1","a"\n', "with decimal commas"),
    "quoted, with blanks after the commas": (
        '"x", "y", "class"\n"-1", "-.5", "a"\n".25", ".75", "b"\n"1", "1", "a"\n',
        "'y' is y",
    ),
    "pandas' index": (FRAME.to_csv(), "Column 1 counts the lines and is left out."),
    "an index from 1": ("id,x,y,class\n1,-1,-.5,a\n2,.25,.75,b\n3,1,1,a\n", "'id' counts the lines and is left out."),
    "an index without a name at all": ("0,-1,-.5,a\n1,.25,.75,b\n2,1,1,a\n", "Column 1 counts the lines"),
    "a comma at the end": (
        lines(",", rows=[(*row.split(), "") for row in ("-1 -.5 a", ".25 .75 b", "1 1 a")], head="x,y,class,\n"),
        "'x' is x",
    ),
    "digits in names": (lines(",", head="x1,x2,t\n"), "'x1' is x, 'x2' is y and 't' the class"),
    "the class first": ("class,x,y\na,-1,-.5\nb,.25,.75\na,1,1\n", "'x' is x, 'y' is y and 'class' the class"),
    "the class first, without names": ("a,-1,-.5\nb,.25,.75\na,1,1\n", "column 2 is x, column 3 is y and column 1 the class"),
    "another order": ("y,label,x\n-.5,a,-1\n.75,b,.25\n1,a,1\n", "'x' is x, 'y' is y and 'label' the class"),
    "X and y": ("X0,X1,y\n-1,-.5,a\n.25,.75,b\n1,1,a\n", "'X0' is x, 'X1' is y and 'y' the class"),
    "more columns": ("x,y,weight,class\n-1,-.5,3,a\n.25,.75,4,b\n1,1,5,a\n", "Left out: 'weight'."),
    "numpy's names": ("# x,y,class\n-1,-.5,a\n.25,.75,b\n1,1,a\n", "'x' is x"),
    "numpy's remarks": (
        "# two runs\n# x,y,class\n-1,-.5,a\n# from here on the second\n.25,.75,b\n1,1,a\n",
        "'x' is x, 'y' is y and 'class' the class. Lines that begin with # are left out: 2.",
    ),
    "a comma at the end of all lines but the names": ("x,y,class\n-1,-.5,a,\n.25,.75,b,\n1,1,a,\n", "'class' the class"),
    "R's names of lines": (
        '"x" "y" "class"\n"1" -1 -0.5 "a"\n"2" 0.25 0.75 "b"\n"3" 1 1 "a"\n',
        "'x' is x, 'y' is y and 'class' the class. Column 1 counts the lines",
    ),
    "pandas' numbers of columns": (
        FRAME.to_csv(index=False, header=["0", "1", "2"]),
        "3 points, in columns between commas: '0' is x, '1' is y and '2' the class. Line 1 numbers the columns",
    ),
    "pandas' numbers of columns, with an index": (FRAME.to_csv(header=["0", "1", "2"]), "3 points"),
    "the index of a shuffled table": (
        FRAME.set_index(pd.Index([7, 2, 5])).to_csv(header=["a", "b", "kind"]),
        "'kind' the class. Column 1 has no name and is left out.",
    ),
    "a spreadsheet's own first line": ("sep=;\n" + lines(";", ",", head="x;y;class\n"), "with decimal commas: 'x' is x"),
    "the longer minus": (lines(",").replace("-", "\N{MINUS SIGN}"), "3 points"),
    "blank lines": ("\n\nx,y,class\n\n-1,-.5,a\n.25,.75,b\n\n1,1,a\n\n", "3 points"),
    "Windows": ("\ufeffx,y,class\r\n-1,-.5,a\r\n.25,.75,b\r\n1,1,a\r\n", "3 points"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_files_of_every_usual_kind_are_the_same_points(kind: str) -> None:
    text, said = KINDS[kind]
    found = read(text.encode())
    assert decode(found.points) == POINTS
    assert said in found.understood and LABELLED in found.understood


@pytest.mark.parametrize(
    ("given", "classes", "said"),
    [
        ("0 1 0 2", [0, 1, 0, 2], "Classes: 0, 1, 2."),
        ("0 3 0 3", [0, 3, 0, 3], "Classes: 0, 3. Without points, but with an output of the network: 1, 2."),
        ("0 9 0 9", [0, 9, 0, 9], "Classes: 0, 9."),  # as a drawing of which a colour was erased is saved
        ("1.000e+00 0.000e+00 2.000e+00 1.000e+00", [1, 0, 2, 1], "Classes: 0, 1, 2."),  # numpy.savetxt
        ("9007199254740993 9007199254740992 9007199254740993 0", [2, 1, 2, 0], "9007199254740993 is 2."),
        ("0.0 1.0 0.0 2.0", [0, 1, 0, 2], "Classes: 0, 1, 2."),
        ("-1 1 -1 1", [0, 1, 0, 1], "Classes: -1 is 0, 1 is 1."),
        ("1 2 3 1", [0, 1, 2, 0], "Classes: 1 is 0, 2 is 1, 3 is 2."),  # and none that is empty
        ("10 30 20 10", [0, 2, 1, 0], "Classes: 10 is 0, 20 is 1, 30 is 2."),
        ("cat dog cat ant", [1, 2, 1, 0], "Classes: ant is 0, cat is 1, dog is 2."),
        ("True False True True", [1, 0, 1, 1], "Classes: False is 0, True is 1."),
    ],
)
@pytest.mark.parametrize("head", ["x,y,class\n", ""])
def test_classes_of_every_usual_kind(given: str, classes: list[int], said: str, head: str) -> None:
    found = read((head + "".join(f"0.5,0.{n},{t}\n" for n, t in enumerate(given.split()))).encode())
    assert [t for _, _, t in decode(found.points)] == classes and said in found.understood


@pytest.mark.parametrize("joint", [", ", ",", "; ", "\t"])
def test_a_name_between_quotes_may_hold_the_separator(joint: str) -> None:
    text = "".join(
        joint.join(cells) + "\n" for cells in [("0", "0", f'"a{joint}c"'), ("1", "1", '"b"'), ("0", "1", f'"a{joint}c"')]
    )
    found = read(text.encode())
    assert [t for _, _, t in decode(found.points)] == [0, 1, 0] and f"Classes: a{joint}c is 0, b is 1." in found.understood


def test_whole_numbers_as_coordinates_are_told_from_classes_by_their_names() -> None:
    found = read(b"class,x,y\n0,3,7\n1,4,8\n0,5,9\n")
    assert [t for _, _, t in decode(found.points)] == [0, 1, 0]
    found = read(b"0,0,0\n1,1,1\n0,1,1\n")  # without names: as it is saved here
    assert [t for _, _, t in decode(found.points)] == [0, 1, 1] and "column 3 the class" in found.understood


@pytest.mark.parametrize("names", ["kind,x,y", "kind,x1,x2", "kind,feature_0,feature_1", "y,a,b"])
def test_the_column_beside_two_that_are_named_as_coordinates_is_the_class(names: str) -> None:
    found = read(f"{names}\n0,3,7\n1,4,8\n0,5,8\n".encode())
    assert [t for _, _, t in decode(found.points)] == [0, 1, 0] and f"{names.split(',')[0]!r} the class" in found.understood


def test_where_the_last_column_can_be_no_class_another_one_is() -> None:
    rows = [(n % 2, n, 3 * n) for n in range(12)]
    for order in ((0, 1, 2), (1, 0, 2), (1, 2, 0)):
        text = "".join(",".join(str(row[place]) for place in order) + "\n" for row in rows)
        found = read(text.encode())
        assert [t for _, _, t in decode(found.points)] == [0, 1] * 6
        assert f"column {order.index(0) + 1} the class" in found.understood


def test_a_first_line_of_small_numbers_is_a_point_where_others_are_like_it() -> None:
    assert len(decode(read(b"0,1,2\n1,0,1\n3,4,0\n").points)) == 3


def test_what_numpy_saves_is_read(tmp_path) -> None:
    table = np.array([[*xy, n % 2] for n, xy in enumerate(PLACES)])
    for options in ({}, {"delimiter": ","}, {"delimiter": ";", "header": "x;y;class"}, {"header": "x y t"}):
        np.savetxt(tmp_path / "out.txt", table, **options)
        assert decode(read((tmp_path / "out.txt").read_bytes()).points) == POINTS


def test_letters_of_windows_and_of_utf_16() -> None:
    text = "x,y,class\n-1,-.5,grün\n.25,.75,rot\n1,1,grün\n"
    for encoding, said in (("cp1252", "Its letters are read as Windows-1252."), ("utf-16", ""), ("utf-8", "")):
        found = read(text.encode(encoding))
        assert decode(found.points) == POINTS and "grün is 0" in found.understood and said in found.understood


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "this one is empty"),
        ("x,y,class\n\n", "two columns of numbers and one of classes"),
        ("0,0,0\n1,1", "a class in each line: line 2 is '1,1'"),
        ("0,0,0\n1,1,1,1", "as many columns in each line: line 2 has 4, those before have 3"),
        ("x,y,class\n0,0,0\n\n0,up,1\n1,1,1", "two numbers and a class in each line: line 4 is '0,up,1'"),
        ("0,0,0\nx,y,class\n1,1,1", "line 2 is 'x,y,class'"),
        ("0,0,0\nnan,1,1", "finite numbers: line 2 is 'nan,1,1'"),
        ("0,0,0\n1,inf,1", "finite numbers: line 2"),
        ("0,0,0\n,1,1\n1,1,1", "two numbers and a class in each line: line 2 is ',1,1'"),
        ("0,0,0\n1,1,1.5", "whole numbers or names as classes: line 2 is '1,1,1.5'"),
        ("".join(f"0,{n / 20},c{n}\n" for n in range(11)), "at most 10 classes: column 3 has 11"),
        ("x,y,class\n0,0,a, c\n1,1,b\n", 'line 2 has 4, those before have 3 (commas within a cell need quotes, "", around it)'),
        ('x, y, class\n0, 0, "a\n1, 1, "b"\n', "line 2 has a quotation mark that does not end in it"),
        ("0,0,0\n" + "1,1,1\n" * 500, "at most 500 points: this one has 501"),
        ("0,0,4\n1,1,4", "at least two classes"),
        ("0,0,0\n1e-99999999999999999999,1,1\n0,1,1\n", "two numbers and a class in each line: line 2 is '1e-9999"),
        ("1,5;2;0\n1.234;2;1", "one decimal mark, and none for thousands: line 1 is '1,5;2;0' and line 2 is '1.234;2;1'"),
        ("0,1\n1,2\n", "called x, y and class where there are more: this one has column 1, column 2; line 1 is '0,1'"),
        ("a,b,c,d\n.1,.2,.3,.4\n.1,.2,.3,.5\n", "this one has 'a', 'b', 'c', 'd'"),
        ("0,0," + "x" * 200_000 + "\n1,1,b\n" * 3, ""),
        ('0,0,0\n1,1,"open\n', ""),
    ],
)
def test_a_file_that_cannot_be_read_names_the_line(text: str, why: str) -> None:
    if "x" * 200_000 in text:  # a long name is one, and is shortened where it is said
        assert len(read(text.encode()).understood) < 400
    elif why:
        with pytest.raises(Unreadable) as raised:
            read(text.encode())
        assert why in str(raised.value) and len(str(raised.value)) < 300
    else:
        with pytest.raises(Unreadable):
            read(text.encode())


@pytest.mark.parametrize("content", [b"\xff\xfe0", b"\x00\x01\x02", b"PK\x03\x04\x00\x00", bytes(range(256))])
def test_what_is_no_text_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable, match="a text file"):
        read(content)


def test_a_file_from_elsewhere_is_fitted_and_keeps_its_shape() -> None:
    found = read(b"\xef\xbb\xbfx,y,class\r\n100,1000,0\r\n300,1000,1\r\n200,1100,2\r\n")
    points = decode(found.points)
    places = np.array([(place(x), place(y)) for x, y, _ in points])
    assert "moved and scaled to fit, both ways alike" in found.understood and [t for _, _, t in points] == [0, 1, 2]
    assert np.allclose(places, [[-0.95, -0.475], [0.95, -0.475], [0, 0.475]], atol=2e-3)
    assert decode(read(b"5,5,0\n5,5,1").points)[0][:2] == (512, 512)  # all in one place


def cloud(count: int, wide: float = 1.0, high: float = 1.0) -> list[tuple[float, float, int]]:
    chance = random.Random(4)
    return [(wide * chance.gauss(0, 1), high * chance.gauss(0, 1), n % 2) for n in range(count)]


def written(points: list[tuple[float, float, int]]) -> bytes:
    return "".join(f"{x!r},{y!r},{t}\n" for x, y, t in points).encode()


def test_one_point_far_away_does_not_press_the_others_together_in_silence() -> None:
    points = cloud(40)
    assert len(set(decode(read(written(points)).points))) == 40
    points.insert(16, (1e6, 3.0, 0))
    with pytest.raises(
        Unreadable, match=r"far from all others: beside line 17, \(1e\+06, 3\), the 41 different values of x would fall on 2$"
    ):
        read(written(points))


def test_nor_does_it_where_points_are_few() -> None:
    points = [*cloud(6), (1e6, 1e6, 0)]
    with pytest.raises(Unreadable, match=r"beside line 7, \(1e\+06, 1e\+06\), the 7 different values of x would fall on 2$"):
        read(written(points))
    found = read(written([*cloud(2), (1e6, 1e6, 0)]))
    assert "the 3 different points have 2 places" in found.understood


def test_directions_of_quite_different_reach_are_scaled_apart_and_that_is_said() -> None:
    found = read(written(cloud(60, wide=1e5)))
    assert len(set(decode(found.points))) == 60
    assert "x reaches much further than y, so each is moved and scaled to fit by itself." in found.understood
    assert "y reaches much further than x" in read(written(cloud(60, high=1e5))).understood


def test_places_that_fall_together_are_counted() -> None:
    found = read(b"0,0,0\n0.0001,0,1\n1,1,0\n")
    assert "the 3 different points have 2 places" in found.understood


def test_what_is_saved_comes_back_and_what_the_csv_module_writes_too(tmp_path) -> None:
    assert decode(read(to_csv(POINTS).encode()).points) == POINTS
    with (tmp_path / "out.csv").open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(
            [("x", "y", "class"), *[(*xy, "ab"[n % 2]) for n, xy in enumerate(PLACES)]]
        )
    assert decode(read((tmp_path / "out.csv").read_bytes()).points) == POINTS
