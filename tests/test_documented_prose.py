"""Figures in the sentences of README.md and docs/: each section's are listed here with their source, and checked against it.

A sentence may be reworded freely; a figure that is new, or another, has to be listed. Tables: tests/test_documented_tables.py.
"""

import ast
import json
import operator
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CLAIMED = tomllib.loads((ROOT / "tools" / "claims" / "documented.toml").read_text(encoding="utf-8"))["said"]
RECORDED = json.loads((ROOT / "benchmarks" / "recorded.json").read_text(encoding="utf-8"))
NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?(?:e-?\d+)?"
UNIT = r"°|%|×(?! ?\d)|(?:ms|s|seconds|minutes|MB|GB|points|times|steps/s|pages)\b"
FIGURE = re.compile(
    rf"(?<![\w.:×/-])(?:({NUMBER}(?:(?: to | and | or |–){NUMBER})*)\s?({UNIT})"  # 4.5 ms; 0.03 to 0.4 %
    r"|(\d+\.\d+(?:e-?\d+)?)(?![\w.]*\d)"  # 0.63, but no version 2.15.0
    r"|(?<=about )(\d+)\b)"
)
LANDMARKS = {"0 °", "90 °", "180 °"}  # the gradient, chance, the opposite: no measurement's outcome
IN_UNITS = {"%": 100, "ms": 1000, "MB": 1e-6, "GB": 1e-9, "minutes": 1 / 60}  # times what is stored
SUMS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv, ast.Pow: operator.pow}
RMSPROP = "claims: three hidden layers"
SGD = "claims: three hidden layers, plain gradient descent"
# (file, heading) -> pairs of a source and its figures. These sources are compared with each figure:
#   claims (a title in tools/claims/documented.toml, or any), recorded (a benchmark; "a step": one through its steps/s),
#   code (module:constant, or a part of it), file (its text), test (or other code that has the number, written out or as a sum
#   like 2 / 32; "reads": it compares the sentence itself with what is so);
# these say by what a figure was found: command (which the text has; it prints it in minutes to hours, or on one machine),
# other (a target, another's measurement, or by hand on one machine: nothing here knows it).
FROM: dict[tuple[str, str], list[tuple[str, str]]] = {
    ("README.md", "Run it"): [("file: pyproject.toml", "3.11"), ("other: size of torch with its GPU libraries", "6 GB")],
    ("angles.md", "What is measured"): [
        ("test: tests/measure/test_chance.py", "5.8 °, 19.1 °, 52.0 °, 57.3 °"),
        ("claims: the band around 90°", "3.7 °, 3.3 °, 4.1 °"),
    ],
    ("angles.md", "The definitions"): [("test: tests/measure/test_measures.py", "86")],
    ("angles.md", "How often"): [("test: tests/train/test_trainer.py", "9 points")],
    ("angles.md", "Why is this one 90° and that one 60°?"): [
        (RMSPROP, "86 °, 89 °, 83 °, 91 °, 43 °, 60 °, 60 °, 44 °, 19 °, 41 °, 49 °, 53 °, 49 °, 49 °, 81 °, 63 °, 50 °, 0.01"),
        (RMSPROP, "3.6 %, 3.9 %, 4.2 %"),
        (SGD, "49 °, 45 °, 40 °, 47 °, 45 °, 41 °, 0.03, 8.0 %, 4.1 %, 4.9 %"),
        ("claims: a small convolution", "75 °, 83 °, 4.4 °, 50 °, 104 °, 47 °, 101 °"),
        ("claims: a small convolution", "12.6 %, 8.1, 19.2, 12.2 %, 8.3, 16.4, 8.1 %, 5.3, 10.3"),
    ],
    ("architecture.md", "The road of a record"): [
        ("code: dfa_lab.runs.turns:TURN", "30 ms"),
        ("code: dfa_lab.runs.store.writer:PERIOD", "0.2 s"),
    ],
    ("benchmarks.md", "Memory that stays"): [("command: make bench BENCH=epoch", "40 pages")],
    ("benchmarks.md", "One training step"): [
        ("command: make bench BENCH=step", "4.5 ms, 5.5 ms, 96 ms, 107 ms, 0.31 s, 0.63, 0.76, 0.87, 0.49, 0.59, 0.58, 0.79"),
        ("other: measured elsewhere, with BioTorch and TinyDFA", "1.14, 1.05, 1.13, 1.06"),
    ],
    ("benchmarks.md", "On a GPU"): [
        ("file: benchmarks/recorded.json", "2.11"),
        ("other: the version that torch writes as cu130", "13.0"),
        ("recorded: gpu", "15 %, 2.7 %, 1.3 %, 32 %, 7.6 %, 4.5 %, 6.5 %, 7.9 %, 9.8 %, 9.4 %, 72 %"),
        ("recorded: gpu, a step", "1.4 ms, 1.7 ms"),
        ("other: torch's profiler, on that card", "0.57 ms, 0.58 ms, 0.7 ms"),
        ("other: the code before, on that card", "39 steps/s"),
        ("command: python -m dfa_lab train --dataset mnist --num_hidden 800", "205 s, 149 s"),
    ],
    ("benchmarks.md", "Watching"): [
        ("other: by hand in Chromium, as the text says", "0.95 s, 2.0 s"),
        ("test: benchmarks/live.py", "2.5 seconds, 2.5 seconds"),
        ("other: what the benchmark did before, and a rate that it was given", "0.66, 1.46, 1000 steps/s"),
        ("other: counted by the kernel, as the text says", "0.5 %, 2.2 %"),
        ("command: make bench BENCH=live", "0.7 s, 2.9 s, 2.1 s, 2.85 s, 2.13 s, 0.88, 0.97, 0.55 ms, 9 ms, 11 MB, 65 MB"),
        ("other: a target", "5 %"),
    ],
    ("benchmarks.md", "Measuring"): [("command: python benchmarks/measuring.py", "4.1, 4.5, 7 %, 17 %")],
    ("benchmarks.md", "MNIST, 2×800 tanh"): [
        ("other: an independent prototype, which is not in the project", "2.74, 1.83, 3.36, 2.06, 3.14, 0.3 points"),
    ],
    ("benchmarks.md", "MNIST, 2×800 tanh, adversarial training"): [
        ("command: --eps 0.08", "0.08"),
        ("file: dfa_lab/paper/tables.py", "1.05 %"),
        ("other: a log of dfa-torch", "0.10 %"),
        ("command: python -m dfa_lab train --dataset mnist --num_hidden 800", "1.09 %, 1.02 %, 24 s"),
    ],
    ("benchmarks.md", "First epochs of two more rows"): [
        ("command: python -m dfa_lab reproduce --table 1 --row 100x240", "9.96 %, 51 s, 63.3 %, 13 s"),
        ("test: dfa_lab/paper/tables.py", "3.92, 46.4"),
    ],
    ("benchmarks.md", "Whitening CIFAR-10"): [("command: --whiten", "1.2e-5, 1.14, 104 s, 40 s, 1.7 GB")],
    ("benchmarks.md", "A store of a thousand experiments"): [
        ("command: make bench BENCH=store", "703 MB"),
        ("file: benchmarks/recorded.json", "2 s"),
        ("other: by hand in Chromium", "2.1 s, 1.6 s, 5 s"),
    ],
    ("compare.md", "Lines"): [("code: dfa_lab.compare.averaging:OUTER", "2 %")],
    ("compare.md", "May a difference be chance?"): [
        ("code: dfa_lab.compare.significance:LEVEL", "95 %"),
        ("test: tests/compare/test_significance.py", "0.0625, 0.031"),
    ],
    ("data.md", "Settings that suit a data set"): [
        ("test: tests/train/test_solved.py", "26 %, 34 %, 0.4 %, 20 %, 28 %, 0.4 %, 13 %, 14 %, 0.8 %, 20 %, 38 %"),
        ("test: tests/train/test_solved.py", "2.8 %, 4.4 %, 13 %, 17 %"),
        (
            "command: python -m dfa_lab train --dataset mnist --suited",
            "2.5 %, 2.7 %, 12.4 %, 26 s, 12.6 %, 12.6 %, 20.8 %, 52 %, 54 %, 66 %, 0.4 points",
        ),
    ],
    ("dfa-torch.md", "Every flag"): [("test: tests/train/test_optimizers.py", "0.95")],
    ("dfa-torch.md", "Exact mode"): [
        ("test: tests/train/test_adam_of_torch7.py", "32 times, 0.04 %, 0.3 %, 50 %, 0.04 %, 0.5 %"),
    ],
    ("export.md", "An experiment as one zip"): [("code: dfa_lab.export.weights:AT_ONCE / 4", "8 MB")],
    ("export.md", "Import"): [("code: dfa_lab.export.unpack:FREELY", "20 MB")],
    ("pages.md", "Lab"): [("code: dfa_lab.train.plan:SPARE_FOR_TESTS", "2 %")],
    ("rules.md", "The learning rules"): [("claims: any", "16.5 %, 7.3 %, 3.7 %, 4.6 %, 30 %")],
    ("serving.md", "A proxy in front"): [
        ("test: tests/test_serving.py reads", "200 MB"),
        ("other: nginx's own default", "1 MB"),
    ],
    ("serving.md", "Doors"): [
        ("code: app.doors.connections:HEAD", "10 seconds"),
        ("code: app.doors.connections:FIRST", "20 seconds"),
        ("other: counted in /proc by hand", "4"),
    ],
    ("serving.md", "When the server is ended"): [
        ("other: RssAnon of the process beside a server, by hand", "6 MB"),
        ("code: dfa_lab.machine.supervising:MOST", "5 times"),
        ("code: dfa_lab.machine.supervising:WITHIN", "10 minutes"),
    ],
    ("serving.md", "With systemd"): [("code: dfa_lab.runs.live:OFTEN", "20 seconds")],
}


def sentences(text: str) -> str:
    """A Markdown text without what is no sentence: recorded figures, blocks of code, tables, formulas, code, links."""
    for pattern in (
        r"<!-- recorded: begin.*?recorded: end -->",
        r"^```.*?^```",
        r"^\|.*?$",
        r"`[^`]*`",  # before formulas: names of variables begin with a dollar
        r"\$\$.*?\$\$",
        r"\$[^$]+\$",
        r"\]\([^)]*\)",
    ):
        text = re.sub(pattern, "_", text, flags=re.DOTALL | re.MULTILINE)
    return text


def figures(text: str) -> Iterator[str]:
    """The measured figures in sentences, each with its unit."""
    for several, unit, bare, about in FIGURE.findall(text):
        for number in re.findall(NUMBER, several) or [bare or about]:
            figure = f"{number} {unit}".strip()
            if figure not in LANDMARKS:
                yield figure


def found() -> dict[tuple[str, str], Counter[str]]:
    """By file and heading; headings themselves do not count."""
    sections: dict[tuple[str, str], Counter[str]] = {}
    for place in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for section in re.split(r"^#+ ", sentences(place.read_text(encoding="utf-8")), flags=re.MULTILINE)[1:]:
            heading, _, body = section.partition("\n")
            if counted := Counter(figures(body)):
                sections[place.name, heading] = counted
    return sections


def rounded(figure: str, value: float) -> bool:
    """Whether a figure, as it is shown, is this value."""
    number, _, unit = figure.partition(" ")
    decimals = len(number.partition(".")[2])
    return abs(float(number) - value * IN_UNITS.get(unit, 1)) <= 0.5 * 10**-decimals + 1e-9


def claimed(place: str, title: str) -> list[float]:
    """What the claims on a file say that a figure is."""
    of_place = [said for said in CLAIMED if said["where"] == f"docs/{place}"]
    claims = [claim for said in of_place if title in ("any", said["title"]) for claim in said["claims"]]
    return [float(one) for claim in claims if " = " in claim for one in claim.partition(" = ")[2].partition(" ±")[0].split()]


@cache
def numbers(file: str) -> set[float]:
    """The numbers in a file of Python, and what its sums of numbers alone give."""
    there = ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))) if (ROOT / file).is_file() else ()
    return {value for node in there if isinstance(node, ast.expr) and (value := _value(node)) is not None}


def _value(node: ast.expr) -> float | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, int | float) and not isinstance(node.value, bool) else None
    if isinstance(node, ast.BinOp) and type(node.op) in SUMS:
        left, right = _value(node.left), _value(node.right)
        if left is not None and right:  # by zero nothing is divided
            return SUMS[type(node.op)](left, right)
    return None


def unsourced(place: str, source: str, figure: str) -> bool:
    """Whether the source, as far as that can be asked here, does not have the figure."""
    kind, _, name = source.partition(": ")
    if kind == "claims":
        values = claimed(place, name)
        return not any(rounded(figure, one) or ("%" not in figure and rounded(f"{figure} %", one)) for one in values)
    if kind == "recorded":
        name, _, step = name.partition(", a step")
        found = [one for machine in RECORDED.values() for one in machine["figures"].get(name, [])]
        if figure.endswith(" ms"):
            return not any(rounded(figure, 1 / one["value"]) for one in found if one["unit"] == "steps/s")
        values = [one["value"] for one in found]
        return not any(rounded(figure.removesuffix(" %"), one) for one in values)  # a share is recorded in %
    if kind == "code":
        module, _, constant = name.partition(":")
        constant, _, part = constant.partition(" / ")
        return not rounded(figure, getattr(import_module(module), constant) / int(part or 1))
    if kind == "file":
        return figure not in (ROOT / name).read_text(encoding="utf-8")
    if kind == "test" and name.endswith(" reads"):
        return place not in (ROOT / name.removesuffix(" reads")).read_text(encoding="utf-8")
    if kind == "test":
        return not any(rounded(figure, one) or rounded(figure.split()[0], one) for one in numbers(name))
    text = next(one for one in (ROOT / place, ROOT / "docs" / place) if one.is_file()).read_text(encoding="utf-8")
    if kind == "other":  # what has a place here can be asked
        return re.search(r"\w\.\w|\w:\w", name) is not None
    return not (kind == "command" and name in text)


SECTIONS = found()


@pytest.mark.parametrize("section", sorted(SECTIONS.keys() | FROM.keys()), ids=": ".join)
def test_every_figure_in_a_sentence_has_a_source(section: tuple[str, str]):
    listed = [(source, figure) for source, several in FROM.get(section, []) for figure in several.split(", ")]
    counted = Counter(figure for _, figure in listed)
    there = SECTIONS.get(section, Counter())
    assert list((there - counted).elements()) == [], "check it by a claim or a test, and list it in FROM with its source"
    assert list((counted - there).elements()) == [], "these figures in FROM are not in the text any more"
    assert [one for one in listed if unsourced(section[0], *one)] == [], "the source says something else"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("it takes 4.5 ms, or 5 to 6 s", ["4.5 ms", "5 s", "6 s"]),
        ("0.03 to 0.4 % of 604,388 images, 12 % and 3°", ["0.03 %", "0.4 %", "12 %", "3 °"]),
        ("twice 2×100, 3× as fast, about 86, with 0.63 and **1.2e-5**", ["3 ×", "86", "0.63", "1.2e-5"]),
        ("from 90° to 0°, in version 2.15.0, arXiv:2006.12878, 20 epochs, step 3", []),
        ("`--LR 0.1` and $0.95$\n\n```\n4.5 ms\n```\n| 4.5 ms |\n", []),
    ],
)
def test_the_search_finds_figures_in_sentences_alone(text: str, seen: list[str]):
    assert list(figures(sentences(text))) == seen


@pytest.mark.parametrize(
    ("source", "right", "wrong"),
    [
        ("claims: dfa and shallow for 10 epochs", "4.6 %", "4.7 %"),
        ("recorded: gpu", "32 %", "31 %"),
        ("code: dfa_lab.runs.turns:TURN", "30 ms", "31 ms"),
        ("recorded: gpu, a step", "1.7 ms", "1.6 ms"),
        ("code: dfa_lab.export.weights:AT_ONCE / 4", "8 MB", "9 MB"),
        ("file: pyproject.toml", "3.11", "3.10"),
        ("test: tests/compare/test_significance.py", "0.0625", "0.0635"),
        ("test: tests/train/test_adam_of_torch7.py", "0.3 %", "0.7 %"),
        ("test: tests/measure/test_chance.py", "52.0 °", "52.1 °"),
    ],
)
def test_a_source_that_says_something_else_is_found(source: str, right: str, wrong: str):
    assert (unsourced("rules.md", source, right), unsourced("rules.md", source, wrong)) == (False, True)
    assert unsourced("rules.md", "test: tests/nowhere.py", "1 %") and unsourced("rules.md", "command: make nothing", "1 %")
    assert unsourced("rules.md", "test: tests/test_serving.py reads", "1 %")  # another file's sentences
    assert unsourced("rules.md", "other: half of dfa_lab.runs.turns:TURN", "15 ms")  # that can be asked
