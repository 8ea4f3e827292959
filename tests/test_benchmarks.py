"""make bench: benchmarks leave their figures as data, and these are compared with what was recorded."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests import children

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "benchmarks"))

import run  # type: ignore[import-not-found]  # noqa: E402 (the path has to be there first)
from machine import Figure, figure  # type: ignore[import-not-found]  # noqa: E402


def test_a_benchmark_leaves_its_figures(tmp_path: Path):
    results = tmp_path / "latest.json"
    command = [
        "benchmarks/run.py",
        "store",
        "--experiments",
        "3",
        "--records",
        "300",
        "--results",
        str(results),
    ]
    done = children.run(*command, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    ((machine, entry),) = json.loads(results.read_text()).items()
    figures = run.figures_of(entry)["store"]
    assert machine in done.stdout and entry["versions"] in done.stdout
    listing = next(one for one in figures if "list of all" in one.name)
    assert 0 < listing.value < 60 and listing.target == "≤ 1 s"
    assert f"| store | {listing.name} | {listing.value:.2f} s |" in done.stdout


@pytest.mark.parametrize("name", [*run.ALL, "memory"])
def test_every_benchmark_is_in_the_docs_and_takes_what_it_is_given(name: str):
    assert f"| `{name}` |" in run.DOCS.read_text(encoding="utf-8")
    file = ROOT / "benchmarks" / f"{name}.py"
    if file.exists():
        options = set(re.findall(r'add_argument\("(--\w+)"', file.read_text(encoding="utf-8")))
        assert {word for word in run.ALL.get(name, []) if word.startswith("--")} <= options


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        (Figure("a", 100.0, "ms"), Figure("a", 104.0, "ms"), "same"),  # within five in a hundred
        (Figure("a", 100.0, "ms"), Figure("a", 110.0, "ms"), "worse"),
        (Figure("a", 100.0, "ms"), Figure("a", 90.0, "ms"), "better"),
        (Figure("a", 100.0, "ms", spread=6), Figure("a", 110.0, "ms", spread=6), "same"),  # noisy measurements
        (Figure("a", 0.9, target="≥ 0.9"), Figure("a", 0.8, target="≥ 0.9"), "worse"),  # the more the better
        (Figure("a", 500.0, higher=True), Figure("a", 600.0, higher=True), "better"),
        (Figure("a", 0.0, "faults/step"), Figure("a", 0.9, "faults/step"), "same"),
    ],
)
def test_better_or_worse_beyond_the_noise(then: Figure, now: Figure, expected: str):
    assert run.change(now, then) == expected


def test_the_table_says_what_was_recorded_and_which_targets_are_missed():
    now = {"step": [Figure("dfa", 0.95, target="≤ 0.92"), Figure("bp", 1.0)]}
    missed, new = run.rendered(now, {"step": [Figure("dfa", 0.80)]}).splitlines()[2:]
    assert missed == "| step | dfa | 0.95 | ± 0.00 | ≤ 0.92 **missed** | 0.80 | worse |"
    assert new == "| step | bp | 1.00 | ± 0.00 |  | – | new |"


def test_a_figure_is_a_median_with_its_spread():
    one = figure("a", [4.0, 1.0, 2.0, 3.0, 100.0], "ms", "≤ 3 ms")
    assert (one.value, one.met) == (3.0, True) and one.spread > 1
    assert figure("a", [4.0], target="≤ 3").met is False and figure("a", [4.0]).met is None


def test_recording_changes_nothing_else_in_the_docs():
    entry = {"date": "2026-01-01", "versions": "torch 1", "figures": {"step": [vars(Figure("dfa", 0.8, target="≤ 0.92"))]}}
    text = f"# Before\n\n{run.BEGIN}\nold\n{run.END}\n\n## After\n"
    made = run.into_docs(text, {"A machine": entry})
    assert made.startswith(f"# Before\n\n{run.BEGIN}\n") and made.endswith(f"{run.END}\n\n## After\n") and "old" not in made
    assert "A machine; 2026-01-01, torch 1:" in made and "| step | dfa | 0.80 | ± 0.00 | ≤ 0.92 |" in made
    assert run.into_docs(made, {"A machine": entry}) == made
    assert run.BEGIN in run.DOCS.read_text(encoding="utf-8") and run.END in run.DOCS.read_text(encoding="utf-8")
