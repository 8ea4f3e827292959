"""All benchmarks, one after the other, as one table, compared with what was recorded last on such a machine.

    python benchmarks/run.py                       (make bench: under fifteen minutes on two idle cores)
    python benchmarks/run.py step --repeats 300    (make bench BENCH=step ARGS="--repeats 300")
    python benchmarks/run.py --record              (make bench ARGS=--record: also into recorded.json and docs/benchmarks.md)

Each benchmark is a process of its own and leaves its figures as data (machine.py). All of them go to results/latest.json.
memory.py, which takes twenty minutes, runs only when it is asked for; summarise.py is no benchmark.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import date
from pathlib import Path

from machine import COLLECTED, Figure, describe, kind, number, table, versions

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- recorded: begin -->", "<!-- recorded: end -->"
# What `make bench` runs, and how: figures steady enough to compare, in the time that there is.
ALL = {
    "step": ["--repeats", "60"],
    "fleet": [],
    "gpu": [],
    "epoch": [],
    "processes": [],
    "measuring": ["--repeats", "40"],
    "live": ["--repeats", "10"],
    "neighbours": [],
    "snapshots": ["--repeats", "4", "--seconds", "3", "--trained", "10"],
    "store": ["--records", "3000000"],
}
LEAST = 0.05  # a change of less than this share is none, whatever the spread
LEAST_OF_UNIT = {"%": 1.0, "faults/step": 1.0, "s": 0.05}  # nor one of less than this


def run(name: str, arguments: list[str]) -> list[Figure] | None:
    """A benchmark's figures; None, and its error on the terminal, if it failed."""
    print(f"== {name} {' '.join(arguments)}".rstrip(), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "figures.json"
        places = [str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, COLLECTED: str(file), "PYTHONPATH": os.pathsep.join(places)}
        command = [sys.executable, str(HERE / f"{name}.py"), *arguments]
        began = time.monotonic()
        status = subprocess.run(command, env=environment, check=False).returncode
        print(f"({time.monotonic() - began:.0f} s)\n", flush=True)
        if status:
            print(f"{name} failed: exit status {status}.\n", file=sys.stderr, flush=True)
            return None
        return [Figure(**one) for one in json.loads(file.read_text(encoding="utf-8"))] if file.exists() else []


def change(now: Figure, then: Figure) -> str:
    """What has become of a figure: better, worse, or nothing beyond the noise."""
    noise = max(LEAST * abs(then.value), LEAST_OF_UNIT.get(now.unit, 0.0), now.spread + then.spread)
    moved = now.value - then.value
    if abs(moved) <= noise:
        return "same"
    return "better" if (moved > 0) == now.rises else "worse"


def rendered(found: dict[str, list[Figure]], recorded: dict[str, list[Figure]]) -> str:
    """The table, a line a figure."""
    rows = []
    for name, figures in found.items():
        before = {one.name: one for one in recorded.get(name, [])}
        for one in figures:
            then = before.get(one.name)
            target = {True: f"{one.target} ✓", False: f"{one.target} **missed**", None: ""}[one.met]
            compared = [number(then.value, then.unit), change(one, then)] if then else ["–", "new"]
            rows.append([name, one.name, number(one.value, one.unit), f"± {number(one.spread)}", target, *compared])
    return table(["benchmark", "figure", "now", "spread", "target", "recorded", "change"], rows)


def read(file: Path) -> dict:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def write(file: Path, content: dict) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def figures_of(entry: dict) -> dict[str, list[Figure]]:
    """benchmark -> figures of one machine's entry in a file."""
    return {name: [Figure(**one) for one in figures] for name, figures in entry.get("figures", {}).items()}


def into_docs(text: str, entries: dict) -> str:
    """The docs with the tables of all machines that are recorded between the two marks."""
    parts = []
    for machine, entry in entries.items():
        rows = [
            [name, one.name, number(one.value, one.unit), f"± {number(one.spread)}", one.target]
            for name, figures in figures_of(entry).items()
            for one in figures
        ]
        parts.append(f"{machine}; {entry['date']}, {entry['versions']}:\n")
        parts.append(table(["benchmark", "figure", "median", "spread", "target"], rows) + "\n")
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + "\n\n" + "\n".join(parts) + "\n" + END + rest.partition(END)[2]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("benchmark", nargs="?", help="one of the files here, without .py; else those of ALL")
    parser.add_argument("--record", action="store_true", help="the figures are those to compare with from now on")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "latest.json")
    given, arguments = parser.parse_known_args()
    print(describe() + "\n", flush=True)
    chosen = {given.benchmark: arguments} if given.benchmark else ALL
    began, found, failed = time.monotonic(), {}, False
    for name, usual in chosen.items():
        if not given.benchmark and not (HERE / f"{name}.py").exists():
            continue
        figures = run(name, usual)
        failed |= figures is None
        if figures:
            found[name] = figures
    everything = read(HERE / "recorded.json")
    recorded = figures_of(everything.get(kind(), {}))
    print(describe())
    print(f"{sum(map(len, found.values()))} figures in {(time.monotonic() - began) / 60:.1f} minutes\n")
    print(rendered(found, recorded))
    entry = {"date": str(date.today()), "versions": versions()}
    latest = {name: [asdict(one) for one in figures] for name, figures in found.items()}
    write(given.results, {kind(): {**entry, "figures": latest}})
    if given.record:
        kept = everything.get(kind(), {}).get("figures", {}) if given.benchmark else {}
        everything[kind()] = {**entry, "figures": {**kept, **latest}}
        write(HERE / "recorded.json", everything)
        DOCS.write_text(into_docs(DOCS.read_text(encoding="utf-8"), everything), encoding="utf-8")
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
