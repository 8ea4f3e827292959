"""What the live chart is sent: pure functions from a status and its records to plain JSON."""

from collections.abc import Sequence
from functools import cache

from dfa_lab import data
from dfa_lab.config import Experiment
from dfa_lab.feedback import rule_class
from dfa_lab.measure.angles import random_band
from dfa_lab.parsing import describe
from dfa_lab.records import METRICS, Record
from dfa_lab.runs.live import Status
from dfa_lab.train.plan import Plan

NAMES = list(METRICS)
NUMBERS = {name: number for number, name in enumerate(NAMES)}
DIGITS = 5  # significant ones that are sent


def message(status: Status, note: str = "", large: bool = False, marker: int | None = None) -> dict:
    """All but the records. `note` is shown where the status says nothing; `large`: for a projector; `marker`: a step to
    draw a line at."""
    experiment = status.experiment
    return moving(status) | {
        "experiment": status.id,
        "title": describe(experiment),
        "note": note,
        "large": large,
        "marker": None if marker is None else {"step": marker, "epoch": round(epoch(experiment, marker), 4)},
        "runs": [
            {
                "name": rule,
                "rule": rule,
                "seed": seed,
                "colour": rule_class(rule).colour,
            }
            for rule, seed in experiment.runs()
        ],
        "eps": experiment.eps,
        "definitions": {name: about for name, (_, about) in METRICS.items()},
        "metrics": NAMES,
    }


def moving(status: Status, problem: str = "") -> dict:
    """The part of the message that a chart asks for again and again. `problem`: of the server, said where the status says
    nothing."""
    experiment, layers = status.experiment, list(enumerate(status.layers, start=1))
    return {
        "around": around(status),
        "status": {
            "state": status.state,
            "sentence": status.sentence or problem,
            "step": status.step,
            "steps": status.steps,
            "epoch": round(status.epoch, 3),
            "epochs": experiment.epochs,
            "rate": _short(status.rate),
            "left": _short(status.left),
            "device": status.device,
        },
        "layers": [n for n, _ in layers],
        "random_band": {str(n): _band(units) for n, units in layers},
        "most_directions": {str(n): min(experiment.probe_size - 1, units) for n, units in layers},
    }


def around(status: Status) -> str:
    """What the page around a chart depends on: a new page is drawn only when this changes, as that closes what is open."""
    return f"{status.id} {'running' if status.state in ('queued', 'loading') else status.state}"


@cache
def _band(units: int) -> float:
    return round(random_band(units), 2)


def columns(records: Sequence[Record], start: int) -> dict:
    """Of records that begin at number `start` of the experiment's whole list."""
    return {
        "from": start,
        "run": [r.run for r in records],
        "metric": [NUMBERS[r.metric] for r in records],
        "layer": [r.layer for r in records],
        "step": [r.step for r in records],
        "epoch": [round(r.epoch, 4) for r in records],
        "seconds": [round(r.seconds, 4) for r in records],
        "value": [_short(r.value) for r in records],
    }


def epoch(experiment: Experiment, step: int) -> float:
    """Passes through the training set after a step."""
    return Plan(experiment, data.facts_of(experiment).train).epoch(step)


def _short(value: float | None) -> float | None:
    return None if value is None or value != value or abs(value) == float("inf") else float(f"{value:.{DIGITS}g}")
