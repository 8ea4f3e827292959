"""A Markdown table of trained runs, from the JSON files that `python -m dfa_lab train --json` writes.

python benchmarks/summarise.py FILE… [--epochs 10 30]
"""

import argparse
import json
from pathlib import Path
from statistics import mean


def rows(summary: dict, epochs: list[int]) -> list[list[str]]:
    """One row a rule: test error of every seed after each of `epochs`, and the last angles, averaged over seeds."""
    found = []
    for rule in summary["settings"]["rules"]:
        runs = [run for run in summary["runs"] if run["rule"] == rule]
        row = [summary["settings"]["init"], rule]
        for epoch in epochs:
            errors = [100 * e["test_error"] for run in runs for e in run["epochs"] if e["epoch"] == epoch]
            each = " ".join(f"{error:.2f}" for error in errors)
            row.append(f"**{mean(errors):.2f}** ({each})" if errors else "–")
        lows, highs = [], []
        for layer in runs[0]["angles"].get("signal", {}):
            angles = [run["angles"]["signal"][layer] for run in runs]
            known = [angle for one in angles for angle in one if angle is not None]
            lows.append(f"{mean(one[-1] for one in angles):.0f}°" if known else "–")
            highs.append(f"{max(known):.0f}°" if known else "–")
        row += [" ".join(lows), " ".join(highs)]
        found.append(row)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--epochs", nargs="+", type=int, default=[10, 30])
    given = parser.parse_args()
    head = ["initial weights", "rule", *(f"test error %, {n} epochs" for n in given.epochs)]
    head += ["signal angle of each layer, last epoch", "largest after any epoch"]
    lines = [head, ["---"] * len(head)]
    for file in given.files:
        lines += rows(json.loads(file.read_text(encoding="utf-8")), given.epochs)
    print("\n".join("| " + " | ".join(line) + " |" for line in lines))


if __name__ == "__main__":
    main()
