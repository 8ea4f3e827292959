"""Proof that a refactoring changes nothing: forty small experiments, recorded before it and after it, compared bit for bit.

    python tools/unchanged record FOLDER            (about two minutes on two quiet cores)
    python tools/unchanged compare BEFORE AFTER     (exit status 1 if anything differs)

Recorded are all records but their seconds, the tensors of every trainer's last state, and what is said besides: counters,
states, sentences, events, summaries. PYTHONPATH says which version of the lab is recorded. Data are made here and need no
download. Both recordings are to be made on one machine, on the CPU, with the same torch.
"""

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path

ABOUT = "about.txt"  # the file of a recording that says what recorded it
CLOSE = 1e-5  # share by which a value that may differ may differ


def main() -> None:
    """Do what the command line says, and exit with 0, or with 1 where something could not be recorded or differs."""
    parser = argparse.ArgumentParser(
        prog="unchanged", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record", help="run the experiments and keep what comes of them in a folder")
    recording.add_argument("folder", type=Path)
    comparing = commands.add_parser("compare", help="compare two such folders")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    comparing.add_argument(
        "--may-differ", default="", metavar="METRIC,METRIC", help=f"metrics whose values may differ by {CLOSE:g} of themselves"
    )
    comparing.add_argument("--any-order", action="store_true", help="the records of one step may come in another order")
    for one in (recording, comparing):
        one.add_argument("--only", default="", metavar="TEXT", help="only the experiments whose names hold this text")
    given = parser.parse_args()
    if given.command == "record":
        if find_spec("dfa_lab") is None:
            parser.error("there is no dfa_lab: name the folder of the version to record in PYTHONPATH")
        sys.exit(bool(record(given)))
    if missing := [folder for folder in (given.before, given.after) if not (folder / ABOUT).is_file()]:
        parser.error(f"{missing[0]} is no recording: make one with record {missing[0]}")
    sys.exit(bool(compare(given)))


def record(given: argparse.Namespace) -> int:
    """Record the chosen experiments; how many of them could not be."""
    # Read when numpy and torch are imported, so before the imports: sums on another number of threads round otherwise.
    os.environ |= {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"}
    from recorder import record

    return record(given.folder, given.only, ABOUT)


def compare(given: argparse.Namespace) -> int:
    """Compare the two folders and print what differs; how much of it may not. Needs no dfa_lab."""
    from comparing import compare
    from reporting import report

    said = [(folder / ABOUT).read_text(encoding="utf-8") for folder in (given.before, given.after)]
    if said[0] != said[1]:
        print(f"What recorded is not the same, which alone may make a difference:\n{said[0]}{said[1]}")
    may_differ = {name.strip() for name in given.may_differ.split(",") if name.strip()}
    return report(compare(given.before, given.after, given.only, given.any_order), may_differ, CLOSE)


if __name__ == "__main__":
    main()
