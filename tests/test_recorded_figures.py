"""docs/benchmarks.md says what was recorded: in the tables that the recorder writes, and where words repeat their figures."""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "benchmarks"))

import run  # type: ignore[import-not-found]  # noqa: E402 (the path has to be there first)
from machine import Figure, number  # type: ignore[import-not-found]  # noqa: E402

TEXT = run.DOCS.read_text(encoding="utf-8")
RECORDED = json.loads((ROOT / "benchmarks" / "recorded.json").read_text(encoding="utf-8"))
GPU = "Intel(R) Xeon(R) Processor, 16 cores, NVIDIA H200"
CPU = "AMD EPYC, 2 cores"
LENGTHS = ("float32", "tf32", "bf16")


def figures(machine: str, benchmark: str) -> dict[str, Figure]:
    """The recorded figures of a benchmark by name."""
    return {one.name: one for one in run.figures_of(RECORDED[machine])[benchmark]}


def rows(heading: str) -> dict[str, list[str]]:
    """The first table of a section: first cell -> the others, as they are printed."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = re.search(r"^\|.+\|\n\| ---.+\n((?:\|.+\|\n)+)", section, re.MULTILINE)
    assert table, heading
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]
    return {first: others for first, *others in cells}


def test_the_tables_are_what_was_recorded():
    assert run.into_docs(TEXT, RECORDED) == TEXT


def test_the_gpu_table_repeats_recorded_figures():
    recorded, found = figures(GPU, "gpu"), rows("On a GPU")
    names = {
        "3 rules × 5 seeds of 2×800: steps/s": "2×800, batch 64, {}: 3 rules × 5 seeds",
        "3 rules × 5 seeds of 7×240: steps/s": "7×240, batch 64, {}: 3 rules × 5 seeds",
        "one run of 2×800, dfa against plain bp": "2×800, batch 64, {}: dfa against plain bp",
        "one run of the paper's conv net, dfa against plain bp": "paper's conv net, batch 64, {}: dfa against plain bp",
        "one run of 4×2000 (batch 128), dfa against plain bp": "4×2000, batch 128, {}: dfa against plain bp",
        "… in times of one plain bp run (asked: at most 2)": "2×800, batch 64, {}: 3 rules × 5 seeds against one plain run",
        "… in times of one plain bp run": "7×240, batch 64, {}: 3 rules × 5 seeds against one plain run",
    }
    assert found.keys() == names.keys()
    for row, name in names.items():
        assert found[row] == [number(recorded[name.format(length)].value) for length in LENGTHS], row


def test_the_shares_of_measuring_repeat_recorded_figures():
    recorded, found = figures(CPU, "measuring"), rows("Measuring")
    assert set(found) == {name.partition(":")[0] for name in recorded}
    for network, cells in found.items():
        for cell, what in zip(cells[-2:], ("measuring angles alone", "measuring"), strict=True):
            share = recorded[f"{network}: share of 20 epochs that {what} takes"].value
            assert cell == f"{share:.1f} %", network


def test_the_shares_of_the_cards_peak_repeat_recorded_figures():
    recorded = figures(GPU, "gpu")
    for name, shown in (
        ("2×800, batch 64, {}: 3 rules × 5 seeds: of the matrix peak", r"2×800 reach ([\d.]+) %, ([\d.]+) % and ([\d.]+) %"),
        ("paper's conv net, batch 64, {}: bp: of the matrix peak", r"conv net's bp\s+([\d.]+) %, ([\d.]+) % and ([\d.]+) %"),
    ):
        said = re.search(shown, TEXT)
        assert said, name
        for length, share in zip(LENGTHS, said.groups(), strict=True):
            decimals = len(share.partition(".")[2])
            assert f"{recorded[name.format(length)].value:.{decimals}f}" == share, (name, length)
