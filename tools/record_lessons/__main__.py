"""Record the run of every step of the lessons, for servers that have no place to train it.

    python tools/record_lessons                (every step: about two minutes on two quiet cores)
    python tools/record_lessons --only deep    (the lesson `deep` alone)

To be run where a step's settings have changed: tests/lessons says so. The CPU computes.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from dfa_lab.lessons import lessons  # noqa: E402 - found below ROOT
from dfa_lab.lessons.recorded import file_of, write  # noqa: E402
from dfa_lab.train.trainer import Trainer  # noqa: E402


def main() -> None:
    """Do what the command line says."""
    as_written = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="record_lessons", description=__doc__, formatter_class=as_written)
    parser.add_argument("--only", default="", metavar="NAME", help="only the lesson of this name")
    given = parser.parse_args()
    if given.only and given.only not in lessons():
        parser.error(f"there is no lesson {given.only!r}: give one of {', '.join(lessons())}")
    for lesson in lessons().values():
        for number, step in enumerate(lesson.steps, start=1):
            if given.only not in ("", lesson.name):
                continue
            trainer = Trainer(step.experiment.model_copy(update={"device": "cpu"}))
            records = [record for batch in trainer for record in batch]
            file = file_of(lesson.name, number)
            write(file, trainer.experiment, trainer.device_title, trainer.units, records)
            print(f"{file.name}: {file.stat().st_size:,} bytes", flush=True)


if __name__ == "__main__":
    main()
