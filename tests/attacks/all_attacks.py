"""All attacks on the lab, and one table of what came of them; exit status 1 where one succeeds.

make attacks ARGS="--only zips --zips 1000 --seed 7"
"""

import argparse
import time

from tests.attacks import commanding, importing, killing, linking, starving, strangers
from tests.attacks.outcome import HEAD, Outcome

KINDS = {
    "zips": (importing.attack, 300),
    "lines": (commanding.attack, 300),
    "kills": (killing.attack, 20),
    "links": (linking.attack, 500),
    "strangers": (strangers.attack, 30),
    "starvation": (starving.attack, 1),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=KINDS, action="append", help="one kind of attack; may be given several times")
    for name, (_, count) in KINDS.items():
        parser.add_argument(f"--{name}", type=int, default=count, metavar="COUNT")
    given = parser.parse_args()
    outcomes: list[tuple[Outcome, float]] = []
    for name in given.only or KINDS:
        began = time.perf_counter()
        outcomes.append((KINDS[name][0](getattr(given, name), given.seed), time.perf_counter() - began))
    print(HEAD)
    for outcome, seconds in outcomes:
        print(f"{outcome.row()} ({seconds:.0f} s)")
    raise SystemExit(any(outcome.faults for outcome, _ in outcomes))


if __name__ == "__main__":
    main()
