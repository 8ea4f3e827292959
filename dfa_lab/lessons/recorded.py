"""The recorded runs of the lessons: what each step's experiment measured once, played where a server has no place to train it.

One packed file a step in recordings/, which `python tools/record_lessons` writes: the settings, the device, and of the records
those that the charts of a lesson show. tests/lessons holds each against the step's settings and claims.
"""

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from dfa_lab.lessons import FOLDER, Step
from dfa_lab.records import ERRORS, Record
from dfa_lab.runs.record_list import RecordList
from dfa_lab.settings.experiment import Experiment

RECORDINGS = FOLDER / "recordings"
KEPT = (*ERRORS, "signal_angle", "signal_angle_std", "signal_angle_chance", "saturated")  # metrics
DIGITS = 4  # significant ones of a value


@dataclass(frozen=True)
class Recording:
    """A run of a step's experiment that was made elsewhere."""

    experiment: Experiment
    device: str  # on which it was trained, in words
    layers: tuple[int, ...]  # units of each hidden block
    steps: int
    records: RecordList  # those that were kept, step by step

    def until(self, step: int) -> int:
        """How many records there were after this step."""
        return int(np.searchsorted(self.records.table()["step"], step, side="right"))


def file_of(lesson: str, number: int) -> Path:
    """Where the recording of a step is, counted from 1."""
    return RECORDINGS / f"{lesson}-{number}.json.gz"


def write(file: Path, experiment: Experiment, device: str, layers: Iterable[int], records: Iterable[Record]) -> None:
    """Keep what charts of a lesson need, column by column: repeated numbers pack well."""
    some = sorted((one for one in records if one.metric in KEPT), key=lambda one: one.step)
    content: dict[str, Any] = {"settings": experiment.model_dump(mode="json"), "device": device, "layers": list(layers)}
    content["steps"] = max(one.step for one in some)
    content["columns"] = {name: [_short(getattr(one, name)) for one in some] for name in Record._fields if name != "seconds"}
    content["seconds"] = round(max(one.seconds for one in some), 2)
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(gzip.compress(json.dumps(content, separators=(",", ":")).encode(), 9, mtime=0))


def _short(value: Any) -> Any:
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


@cache
def read(file: Path) -> Recording | None:
    """The recording in a file; None where there is none, or of an experiment that this version of the lab does not know."""
    if not file.is_file():
        return None
    content = json.loads(gzip.decompress(file.read_bytes()))
    columns, steps = content["columns"], content["steps"]
    columns["seconds"] = [content["seconds"] * step / steps for step in columns["step"]]
    rows = RecordList(Record(*row) for row in zip(*(columns[name] for name in Record._fields), strict=True))
    experiment = Experiment.model_validate(content["settings"])
    return Recording(experiment, content["device"], tuple(content["layers"]), steps, rows)


def recording_of(lesson: str, number: int, step: Step) -> Recording | None:
    """The recording of a step; None where there is none of its present settings."""
    found = read(file_of(lesson, number))
    return found if found and found.experiment == step.experiment.model_copy(update={"device": "cpu"}) else None
