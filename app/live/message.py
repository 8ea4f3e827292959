"""What the live chart is sent: pure functions from a status and its records to plain JSON."""

from math import isfinite

import numpy as np

from app.visit import waiting
from app.visit.moment import epoch
from dfa_lab.feedback import rule_class
from dfa_lab.records import DRAWN, METRICS
from dfa_lab.runs.live import Status
from dfa_lab.runs.record_list import NAMES, NO_LAYER
from dfa_lab.settings.parsing import describe

# how the error reaches the hidden layers, by (path, whether the feedback stands in for the weights), in words without a symbol
WORDS = {
    ("chain", False): "the error goes back layer by layer, through the weights themselves",
    ("chain", True): "the error goes back layer by layer, through fixed random weights",
    ("direct", False): "the error goes straight to every layer, through fixed random weights",
    ("none", False): "no error reaches the hidden layers, only the readout learns",
}
DIGITS = 5  # significant ones that are sent
TENS = np.array([float(f"1e{n}") for n in range(23)])  # powers of ten that are exact


def message(status: Status, note: str = "", large: bool = False, marker: int | None = None) -> dict:
    """The view without the records. `note` is shown where the status says nothing; `large`: for a projector; `marker`: a
    step to draw a line at."""
    experiment = status.experiment
    return moving(status) | {
        "experiment": status.id,
        "title": describe(experiment),
        "note": note,
        "large": large,
        "marker": None if marker is None else {"step": marker, "epoch": round(epoch(status, marker), 4)},
        "runs": [
            {"name": rule, "rule": rule, "seed": seed, "colour": rule_class(rule).colour} for rule, seed in experiment.runs()
        ],
        "rules": {rule: of_rule(rule) for rule in experiment.rules},
        "eps": experiment.eps,
        "definitions": {name: about for name, (_, about) in METRICS.items()},
        "metrics": NAMES,
        "measures": DRAWN,
    }


def of_rule(name: str) -> dict:
    """What the drawing of a network is told of its rule."""
    kind = rule_class(name)
    replaces = kind.path == "chain" and kind.replaces_weights
    matrix = "W" if kind.path == "chain" and not replaces else "B"
    return {"title": kind.title, "way": WORDS[kind.path, replaces], "path": kind.path, "matrix": matrix}


def moving(status: Status, problem: str = "") -> dict:
    """The part of the message that a chart asks for again and again. `problem`: of the server, said where the status says
    nothing."""
    experiment, layers = status.experiment, list(enumerate(status.layers, start=1))
    return {
        "around": around(status),
        "status": {
            "state": status.state,
            "sentence": status.sentence or problem or waiting.words(status),
            "step": status.step,
            "steps": status.steps,
            "epoch": round(status.epoch, 3),
            "epochs": experiment.epochs,
            "rate": _short(status.rate),
            "left": _short(status.left),
            "device": status.device,
        },
        "layers": [n for n, _ in layers],
        "probe": experiment.probe_size,
        "most_directions": {str(n): min(experiment.probe_size - 1, units) for n, units in layers},
    }


def around(status: Status) -> str:
    """What the page around a chart depends on: a new page is drawn only when this changes, as that closes what is open."""
    return f"{status.id} {'running' if status.state in ('queued', 'loading') else status.state}"


def columns(records: np.ndarray, start: int) -> dict:
    """The columns of a table of records (record_list.COLUMNS) that begins at number `start` of the experiment's whole list."""
    return {
        "from": start,
        "run": records["run"].tolist(),
        "metric": records["metric"].tolist(),
        "layer": [None if layer == NO_LAYER else layer for layer in records["layer"].tolist()],
        "step": records["step"].tolist(),
        "epoch": records["epoch"].round(4).tolist(),
        "seconds": records["seconds"].round(4).tolist(),
        "value": _all_short(records["value"]),
    }


def _short(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else float(f"{value:.{DIGITS}g}")


def _all_short(values: np.ndarray) -> list[float | None]:
    """`_short` of each, in a fifth of the time: there are thousands every second."""
    finite = np.isfinite(values)
    known = np.where(finite, values, 0.0)
    with np.errstate(divide="ignore"):
        places = DIGITS - 1 - np.floor(np.log10(np.abs(known)))  # after the point, or before it if negative
    common = np.abs(places) < len(TENS)
    after, before = (TENS[np.where(common, sign * places, 0).clip(0).astype(int)] for sign in (1, -1))
    short = (np.rint(known * after / before) / after * before).tolist()
    for place in np.flatnonzero(~common).tolist():  # 0, the very small and the very large, which are rare
        short[place] = _short(float(known[place]))
    for place in np.flatnonzero(~finite).tolist():
        short[place] = None
    return short
