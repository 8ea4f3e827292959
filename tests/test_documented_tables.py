"""Tables of figures in docs/: each is claimed, recorded, or named here with the reason why no test makes it anew."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CLAIMED = tomllib.loads((ROOT / "tools" / "claims" / "documented.toml").read_text(encoding="utf-8"))["said"]
FIGURE = re.compile(r"\d\.\d|\d ?[°%]|\d (?:ms|s|MB|GB)\b")
MEASURES = {
    "signal angle": "signal_angle",
    "weight gradient": "gradient_angle",
    "update": "update_angle",
    "feedback–weight": "feedback_angle",
    "signal size ratio": "signal_ratio",
    "effective rank": "effective_rank",
}
HOURS = "trainings of minutes to hours on real data sets, by the command beside it"
MACHINE = "times of one machine on one day, by the benchmark that is named beside it"
# file and first cells of the head -> where its figures come from
SOURCES = {
    ("angles.md", "name | of"): "a closed form, which tests/measure/test_chance.py checks",
    ("angles.md", "after 20 epochs | rule | 1 | 2"): "claims",
    ("angles.md", "after 20 epochs | rule | 1 (conv)"): "claims",
    ("benchmarks.md", "benchmark | figure"): "recorded: tests/test_recorded_figures.py",
    ("benchmarks.md", "at batch 64"): "recorded: tests/test_recorded_figures.py",
    ("benchmarks.md", "network | a step"): "its shares are recorded: tests/test_recorded_figures.py; the groups are " + MACHINE,
    ("benchmarks.md", "a step | memory left"): MACHINE,
    ("benchmarks.md", "looked at in one Chromium"): MACHINE,
    ("benchmarks.md", "experiment | steps/s"): MACHINE,
    ("benchmarks.md", "what | takes"): MACHINE,
    ("benchmarks.md", "beside | steps/s"): MACHINE,
    ("benchmarks.md", "90 lines in each"): MACHINE,
    ("benchmarks.md", "rule | test error %, 10 epochs | 30"): HOURS,
    ("benchmarks.md", "initial weights | rule | test error %, 10 epochs | test error %, 30"): HOURS,
    ("benchmarks.md", "network | rule | 10 epochs"): HOURS,
    ("benchmarks.md", "epochs | test error %"): HOURS,
    ("benchmarks.md", "set | network"): HOURS,
    ("benchmarks.md", "initial weights | rule | test error %, 10 epochs | test error %, 20"): "claims",
    ("dfa-torch.md", "what | default | exact"): "rates of optimisers, which tests/train/test_optimizers.py checks",
    ("lasting.md", "fault | what"): "a zip that claims so much, which tests/export/test_taking.py refuses",
    ("rules.md", "over the seeds | rank 2"): "claims",
    ("serving.md", "limit | by itself"): "settings, which tests/test_serving.py compares",
}


def tables(text: str) -> Iterator[tuple[str, list[list[str]]]]:
    """The tables of a Markdown text that have figures: head, and the cells of each row."""
    for head, body in re.findall(r"^\|(.+)\|\n\| ?--.+\n((?:\|.+\|\n?)+)", text, re.MULTILINE):
        if FIGURE.search(re.sub(r"`[^`]*`", "", body)):
            yield head.strip(" |"), [[cell.strip() for cell in row.strip("|").split("|")] for row in body.splitlines()]


def table(file: str, head: str) -> list[list[str]]:
    """The one table of a file in docs/ of which the head begins like this."""
    (found,) = [rows for one, rows in tables((ROOT / "docs" / file).read_text(encoding="utf-8")) if one.startswith(head)]
    return found


def claimed(file: str, form: str = "mean", title: str = "") -> dict[str, list[float]]:
    """What the claims on a file say of means: "dfa signal_angle in layer 1" -> the figures of all experiments.

    `form`: another word that such claims begin with; `title`: a part of the titles that count.
    """
    found: dict[str, list[float]] = {}
    for said in CLAIMED:
        if said["where"] == f"docs/{file}" and title in said["title"]:
            for claim in said["claims"]:
                if match := re.fullmatch(rf"{form} (.+) = ([\d. ]+) ± [\d.]+", claim):
                    found.setdefault(match[1], []).extend(map(float, match[2].split()))
    return found


def test_every_table_of_figures_has_a_source():
    places = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    found = [(place.name, head) for place in places for head, _ in tables(place.read_text(encoding="utf-8"))]
    strange = [one for one in found if not any(one[0] == file and one[1].startswith(head) for file, head in SOURCES)]
    gone = [one for one in SOURCES if not any(file == one[0] and head.startswith(one[1]) for file, head in found)]
    assert strange == [] and gone == [], "add a claim, or say in SOURCES where the figures come from"


def test_the_search_finds_tables_of_figures_alone():
    text = "| a | b |\n| --- | --- |\n| x | {} |\n"
    for cell, seen in (("1.5", True), ("90°", True), ("3 ms", True), ("`--LR 0.1`", False), ("seven", False)):
        assert bool(list(tables(text.format(cell)))) == seen, cell


@pytest.mark.parametrize("head", ["after 20 epochs | rule | 1 | 2", "after 20 epochs | rule | 1 (conv)"])
def test_the_claims_on_angles_are_what_its_tables_say(head: str):
    means, measure, compared = claimed("angles.md"), "", 0
    for first, rule, *cells in table("angles.md", head):
        measure = MEASURES[first] if first else measure
        for layer, cell in enumerate(cells, start=1):
            if not cell or (cell == "0°" and "conv" in head):  # the readout, which has the true gradient under every rule
                continue
            shown = float(cell.rstrip("°"))
            words = f"{rule} {measure}" if layer == 5 else f"{rule} {measure} in layer {layer}"
            near = 0.005 if measure == "signal_ratio" else 0.5
            assert any(abs(mean - shown) <= near + 1e-9 for mean in means.get(words, [])), (words, cell)
            compared += 1
    assert compared >= 12


def test_the_claims_on_digits_are_what_their_table_says():
    rows = table("benchmarks.md", "initial weights | rule | test error %, 10 epochs | test error %, 20")
    assert len(rows) == 8
    for init, rule, ten, twenty, angles, largest in rows:
        means, each, most = (claimed("benchmarks.md", form, f"{init} weights") for form in ("mean", "each", "largest"))
        for words, cell in ((f"{rule} test_error after 10 epochs", ten), (f"{rule} test_error", twenty)):
            mean, seeds = re.fullmatch(r"\*\*(.+)\*\* \((.+)\)", cell).groups()  # type: ignore[union-attr]
            assert [f"{100 * one:.2f}" for one in means[words]] == [mean], (init, words)
            assert [f"{100 * one:.2f}" for one in each[words]] == seeds.split(), (init, words)
        for layer, (last, high) in enumerate(zip(angles.split(), largest.split(), strict=True), start=1):
            if last != "–":
                assert means[f"{rule} signal_angle in layer {layer}"] == [float(last.rstrip("°"))], (init, rule, layer)
                assert most[f"{rule} signal_angle in layer {layer} after any epoch"] == [float(high.rstrip("°"))], (init, rule)


def test_the_claims_on_ranks_are_what_their_table_says():
    titles = {"uniform, 10": ("all directions of the error", "dfa"), "shallow": ("all directions of the error", "shallow")}
    heads = ["rank 2", "rank 3", "rank 5", "rank 9", *titles]
    means, ranges = table("rules.md", "over the seeds | rank 2")
    for head, mean, between in zip(heads, means[1:], ranges[1:], strict=True):
        title, rule = titles.get(head, (head, "dfa"))
        found = [claimed("rules.md", form, title)[f"{rule} test_error"] for form in ("mean", "least", "largest")]
        assert [[f"{100 * one:.1f}" for one in some] for some in found] == [[one] for one in (mean, *between.split("–"))], head
