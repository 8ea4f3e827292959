"""Check what the lessons and docs/ say of experiments, on many seeds.

    python tools/claims                          (all, on seeds 0 to 19: about a quarter of an hour on two quiet cores)
    python tools/claims --seeds 3 --only deep    (the lesson `deep` alone, on seeds 0 to 2)

A line for each claim: for how many seeds it holds, and its first figure's least, mean and largest value. The claims are in
dfa_lab/lessons/*.toml and, with what is said in docs/, in documented.toml here; their words in dfa_lab/lessons/claims.py. A
table of fewer seeds (`seeds` there) is checked on just those. The exit status is 1 where a claim does not hold. The CPU
computes, so that a machine gives the same figures each time.
"""

import argparse
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from dfa_lab.lessons import lessons  # noqa: E402 - found below ROOT
from dfa_lab.lessons.claims import Finding, judge, measured  # noqa: E402
from dfa_lab.settings.experiment import Experiment  # noqa: E402
from dfa_lab.settings.parsing import parse  # noqa: E402

DOCUMENTED = Path(__file__).with_name("documented.toml")


@dataclass(frozen=True)
class Said:
    """What one place says of one experiment. `name`: a lesson and its step, or what documented.toml calls it.

    `seeds`: the place speaks of the seeds 0 to `seeds` - 1 and no others; None where it speaks of any.
    """

    name: str
    experiment: Experiment
    claims: list[str]
    seeds: int | None = None


def main() -> None:
    """Do what the command line says, and exit with 1 where a claim does not hold."""
    parser = argparse.ArgumentParser(prog="claims", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="seeds 0 to N - 1 (default: 20)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only where the name holds this text")
    given = parser.parse_args()
    chosen = [one for one in said() if given.only in one.name]
    if given.seeds < 1 or not chosen:
        parser.error("give at least one seed" if given.seeds < 1 else f"there is nothing named {given.only!r}")
    broken = 0
    for one in chosen:
        print(f"\n{one.name}", flush=True)
        figures = measured(one.experiment, range(one.seeds or given.seeds), one.claims)
        found = [judge(figures, claim) for claim in one.claims]
        broken += sum(not finding.holds for finding in found)
        print("\n".join(map(line, found)), flush=True)
    outcome = f"{broken} of the claims do not hold" if broken else "all claims hold"
    print(f"\nOn seeds 0 to {given.seeds - 1}, or on those that are spoken of, {outcome}.")
    sys.exit(bool(broken))


def said() -> Iterator[Said]:
    """All that can be checked: the steps of the lessons, then what documented.toml has."""
    for lesson in lessons().values():
        for number, step in enumerate(lesson.steps, start=1):
            yield Said(f"{lesson.name} {number}: {step.title}", step.experiment, step.claims)
    for one in tomllib.loads(DOCUMENTED.read_text(encoding="utf-8"))["said"]:
        yield Said(f"{one['where']}: {one['title']}", parse(one["settings"]), one["claims"], one.get("seeds"))


def line(found: Finding) -> str:
    """A finding in one line, with a second one where the claim does not hold."""
    values = [value for value in found.values.values() if value is not None]
    seeds = f"{len(found.values) - len(found.against):3} of {len(found.values)}"
    figures = f"{min(values):8.3f} {fmean(values):8.3f} {max(values):8.3f}" if values else " " * 26
    text = f"  {'ok    ' if found.holds else 'BROKEN'} {seeds} {figures}   {found.claim}"
    return text if found.holds else f"{text}\n         {found.figures}"


if __name__ == "__main__":
    main()
