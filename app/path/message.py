"""What the picture of the error's path is sent: pure functions from what was measured to plain JSON.

The shape of a view is that of `view` below; sizes are root mean squares, None where there is none.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from app.charts.pictures import png
from app.path.equations import pieces
from dfa_lab.feedback import rule_class
from dfa_lab.inspect.error_path import ErrorPath, Part
from dfa_lab.inspect.slow_motion import Layer, Phases, Strip
from dfa_lab.runs.live import Status
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import describe

PHASES = ("forward", "error", "feedback", "update")
WAYS = {
    ("chain", False): "The error goes back block by block, through the forward weights W.",
    ("chain", True): "The error goes back block by block, through a B in the place of each W.",
    ("direct", False): "The error e goes straight to every block, through a B of its own.",
    ("none", False): "No error reaches the hidden blocks: they stay as they were drawn, only the readout learns.",
}
FORWARD = r"a_\ell = h_{\ell-1} W_\ell^\top + b_\ell,\quad h_\ell = f(a_\ell)"
ERROR = r"e = \frac{1}{N} (p - t)"
EXACT_ERROR = r"e = p - t"
UPDATE = r"G_\ell = (\hat\delta_\ell \odot f'(a_\ell))^\top h_{\ell-1},\quad W_\ell \leftarrow W_\ell + \Delta W_\ell"
DIGITS = 4


def view(
    status: Status, paths: Mapping[str, ErrorPath], shape: Sequence[int], step: int, *, large: bool = False, note: str = ""
) -> dict[str, Any]:
    """The diagram as it is now. `paths`: by rule; `shape`: of an input; `note`: why it is not of now."""
    experiment = status.experiment
    return {
        "experiment": status.id,
        "title": describe(experiment),
        "step": step,
        "large": large,
        "moving": status.state == "running",
        "phase": None,
        "samples": min((path.samples for path in paths.values()), default=0),
        "panels": [_panel(rule, path, shape) for rule, path in paths.items()],
        "note": note,
    }


def slowed(
    view: dict[str, Any], found: Mapping[str, Phases], phase: str, experiment: Experiment, class_names: Sequence[str]
) -> dict[str, Any]:
    """The diagram with one phase of the next step lit up, by rule; sizes and angles are those of its batch as a whole."""
    exact = experiment.exact and experiment.criterion == "bce"
    for panel in view["panels"]:
        told = found[panel["rule"]]
        for part, layer in zip(panel["parts"], told.layers, strict=True):
            part["signal"] = None if layer.signal is None else short(layer.signal.rms)
            part["true"], part["angle"] = short(layer.true.rms), short(layer.angle)
        panel["largest"] = max((part["signal"] or 0 for part in panel["parts"][:-1]), default=0)
        panel["slow"] = _slow(told, phase, class_names)
    first = next(iter(found.values()))
    equations = {"forward": FORWARD, "error": EXACT_ERROR if exact else ERROR, "update": UPDATE}
    view |= {"phase": phase, "moving": False, "samples": first.samples, "step": first.step}
    view["phases"] = [[name, pieces(equations[name]) if name in equations else None] for name in PHASES]
    view["optimizer"] = f"{experiment.optimizer}, learning rate {first.rate:.3g}"
    return view


def _panel(rule: str, path: ErrorPath, shape: Sequence[int]) -> dict[str, Any]:
    kind = rule_class(rule)
    replaces = kind.path == "chain" and kind.replaces_weights
    return {
        "rule": rule,
        "title": kind.title,
        "colour": kind.colour,
        "path": kind.path,
        "matrix": "W" if kind.path == "chain" and not replaces else "B",
        "way": WAYS[kind.path, replaces],
        "equation": pieces(kind.equation),
        "input": list(shape),
        "largest": short(path.largest),
        "parts": [_part(part) for part in path.parts],
        "slow": None,
    }


def _part(part: Part) -> dict[str, Any]:
    B = part.B
    return {
        "shape": list(part.shape),
        "parameters": part.parameters,
        "layers": [list(one) for one in part.layers],
        "norm": short(part.norm),
        "B": None
        if B is None
        else {"shape": list(B.shape), "norm": short(B.norm), "reach": short(B.reach), "counts": list(B.counts)},
        "signal": short(part.signal),
        "true": short(part.true),
        "angle": short(part.angle),
        "h": short(part.h),
        "saturated": short(part.saturated),
    }


def _slow(told: Phases, phase: str, class_names: Sequence[str]) -> dict[str, Any]:
    if phase == "forward":
        return {
            "x": strip(told.x),
            "picture": None if told.picture is None else png(255 * told.picture),
            "layers": [{"a": strip(layer.a), "h": strip(layer.h)} for layer in told.layers],
        }
    if phase == "error":
        return {
            "e": strip(told.e),
            "p": strip(Strip(told.p, len(told.p), float(np.sqrt((told.p**2).mean())))),
            "target": class_names[told.target],
            "given": class_names[int(told.p.argmax())],
            "loss": short(told.loss),
            "wrong": told.wrong,
            "samples": told.samples,
        }
    if phase == "feedback":
        return {"layers": [_arrived(layer) for layer in told.layers]}
    return {"layers": [_moved(layer) for layer in told.layers]}


def _arrived(layer: Layer) -> dict[str, Any]:
    return {"signal": strip(layer.signal), "true": strip(layer.true), "angle": short(layer.angle)}


def _moved(layer: Layer) -> dict[str, Any] | None:
    W = layer.weights
    if W is None:
        return None
    return {
        "before": strip(W.before),
        "change": strip(W.change),
        "after": strip(W.after),
        "norms": [short(one) for one in W.norms],
    }


def strip(of: Strip | None) -> dict[str, Any] | None:
    """Signed bytes in units of the largest value, in base64."""
    if of is None:
        return None
    values = np.nan_to_num(of.values, posinf=0.0, neginf=0.0)
    most = float(np.abs(values).max(initial=0.0))
    bytes_ = np.round(127 * values / (most or 1.0)).astype(np.int8).tobytes()
    return {"values": base64.b64encode(bytes_).decode(), "most": short(most), "units": of.units, "rms": short(of.rms)}


def short(value: float | None) -> float | None:
    """A few significant digits; None for what is no finite number."""
    return None if value is None or not np.isfinite(value) else float(f"{value:.{DIGITS}g}")
