"""What the comparison is sent: pure functions from groups of runs and their curves to plain JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import numpy as np
import pandas as pd

from dfa_lab.compare import run_groups, table
from dfa_lab.compare.as_of import as_of
from dfa_lab.compare.averaging import without_outliers
from dfa_lab.compare.lines import DEVIATION, EXTREMES, SINGLE, Line, ends, lines
from dfa_lab.compare.run_groups import Group
from dfa_lab.feedback import rule_class
from dfa_lab.records import IN_DEGREES, METRICS
from dfa_lab.runs.store.known_wrong import OTHER_SECONDS, SAID, other_seconds
from dfa_lab.runs.store.stored import Stored
from dfa_lab.train import epoch_means
from dfa_lab.train.results import TESTED, TRAINING

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKS = ("circle", "square", "diamond", "triangle-up", "x", "star", "triangle-down", "cross", "pentagon", "hexagram")
POINTS = 12_000  # of a panel, shared by its lines: SVG needs about 10 ms for a thousand
FEWEST, MOST = 60, 800  # of a line
DIGITS = 5  # significant ones that are sent
AXIS_TITLES = {"step": "step", "epoch": "epoch", "samples": "training samples", "seconds": "seconds of own computing"}
LEARNING = (*TRAINING, *TESTED)  # the others are measures of signals and layers
UNITS = {"fraction": " %", "degrees": "°", "ratio": " ×"}


@dataclass(frozen=True)
class Panel:
    """A metric, of a layer or of the whole network."""

    metric: str
    layer: int | None = None

    @property
    def key(self) -> str:
        """The panel's name in a link."""
        return self.metric if self.layer is None else f"{self.metric}.{self.layer}"

    @property
    def title(self) -> str:
        name = (self.metric[0].upper() + self.metric[1:]).replace("_", " ")
        return name if self.layer is None else f"{name} · layer {self.layer}"

    def logarithmic(self, wanted: bool) -> bool:
        """Whether its axis is logarithmic: that of an angle never is, that of a ratio always."""
        return self.unit != "°" and (wanted or self.unit == " ×")

    @property
    def by(self) -> float:
        return 100.0 if table.fraction(self.metric) else 1.0

    @property
    def unit(self) -> str:
        return UNITS.get(METRICS.get(self.metric, ("",))[0], "")


@dataclass(frozen=True)
class Look:
    """How a comparison is drawn."""

    axis: str = "step"
    spread: str = DEVIATION
    smoothing: float = 0.0
    logarithmic: bool = False
    calm: bool = False  # without outliers
    best: bool = False  # the table's values are the smallest ones, not the last
    large: bool = False


def message(
    found: Sequence[Stored],
    groups: Sequence[Group],
    curves: Mapping[Panel, pd.DataFrame],
    look: Look,
    last: Mapping[str, int],
    left_out: bool = False,
) -> dict:
    """Plain JSON; the head of view.js says what is in it. `last`: the last step of each experiment; `left_out`: angles that are
    known to be wrong are."""
    notes = [OTHER_SECONDS] if look.axis == "seconds" and any(other_seconds(one.versions) for one in found) else []
    drawn = {panel: lines(groups, curves[panel], *_how(look), points_of(groups, look)) for panel in curves}
    return {
        "large": look.large,
        "axis": {"name": look.axis, "title": AXIS_TITLES[look.axis]},
        "extremes": look.spread == EXTREMES,
        "value": "best" if look.best else "last",
        "groups": styled(found, groups),
        "panels": [_panel(panel, drawn[panel], groups, curves[panel], look, last, left_out, notes) for panel in curves],
    }


def points_of(groups: Sequence[Group], look: Look) -> int:
    """How many points a line has room for."""
    count = sum(len(group.members) if look.spread == SINGLE else 1 for group in groups)
    return int(np.clip(POINTS // max(1, count), FEWEST, MOST))


def _how(look: Look) -> tuple[str, str, float]:
    return look.axis, look.spread, look.smoothing


def styled(found: Sequence[Stored], groups: Sequence[Group]) -> list[dict]:
    """A colour for each rule; lines of one rule differ in dash and mark.

    Where there is one rule only, an experiment may have the colour that a person gave it.
    """
    chosen = {one.id: one.colour for one in found}
    alone = len({group.rule for group in groups}) == 1
    keys = {key: n for n, key in enumerate(dict.fromkeys(group.key for group in groups))}
    several = len(keys) > 1
    return [
        {
            "rule": group.rule,
            "label": group.label,
            "name": group.name,
            "colour": (alone and chosen.get(group.key)) or rule_class(group.rule).colour,
            "dash": DASHES[keys[group.key] % len(DASHES)],
            "mark": MARKS[keys[group.key] % len(MARKS)] if several else "",
            "runs": len(group.members),
        }
        for group in groups
    ]


def _panel(
    panel: Panel,
    drawn: Sequence[Line],
    groups: Sequence[Group],
    measured: pd.DataFrame,
    look: Look,
    last: Mapping[str, int],
    left_out: bool,
    notes: list[str],
) -> dict:
    logarithmic = panel.logarithmic(look.logarithmic)
    values = [np.concatenate([line.y, *([] if line.low is None else [line.low, line.high])]) for line in drawn]
    every = panel.by * np.concatenate(values) if values else np.zeros(0)
    calm = without_outliers(every, logarithmic) if look.calm else None
    wrong = [SAID] if left_out and panel.metric in IN_DEGREES else []
    above = every[np.isfinite(every) & (every > 0)]
    floor = (float(above.min()) if len(above) else 0.0) if logarithmic else 0.0  # no metric is below 0
    return {
        "key": panel.key,
        "metric": panel.metric,
        "layer": panel.layer,
        "measure": panel.metric not in LEARNING,
        "log": logarithmic,
        "title": panel.title,
        "unit": panel.unit,
        "about": METRICS.get(panel.metric, ("", ""))[1],
        "lines": [_line(line, groups, panel.by, floor, logarithmic) for line in drawn],
        "range": None if calm is None else [_short(calm[0]), _short(calm[1])],
        "notes": [*_notes(drawn, groups, calm), *wrong, *filter(None, [epoch_means.about(panel.metric, look.best)]), *notes],
        "cells": cells(panel, groups, measured, look.best, last),
    }


def _line(line: Line, groups: Sequence[Group], by: float, floor: float, logarithmic: bool) -> dict:
    y = np.where(by * line.y > 0, by * line.y, np.nan) if logarithmic else by * line.y
    made = {"group": line.group, "seed": line.seed, "x": _list(line.x), "y": _list(y)}
    if line.low is not None and line.high is not None:
        made |= {"low": _list(np.maximum(by * line.low, floor)), "high": _list(np.maximum(by * line.high, floor))}
    if line.ghost_x is not None and line.ghost_y is not None:
        ghost = np.where(by * line.ghost_y > 0, by * line.ghost_y, np.nan) if logarithmic else by * line.ghost_y
        made |= {"ghost": {"x": _list(line.ghost_x), "y": _list(ghost)}}
    return made


def _notes(drawn: Sequence[Line], groups: Sequence[Group], calm: tuple[float, float, int] | None) -> list[str]:
    notes = []
    if calm:
        notes.append(f"Outliers are ignored: {calm[2]:,} drawn {'value lies' if calm[2] == 1 else 'values lie'} outside.")
    early = [groups[line.group].name for line in drawn if line.ends_early]
    if early:
        names = ", ".join(early[:3]) + (f" and {len(early) - 3} more" if len(early) > 3 else "")
        notes.append(f"{names}: the mean ends where not every run has a value.")
    partial = [groups[line.group] for line in drawn if line.seed is None and line.runs < len(groups[line.group].members)]
    if partial:
        notes.append(f"{', '.join(one.name for one in partial[:3])}: some runs have no values.")
    return notes


def cells(
    panel: Panel, groups: Sequence[Group], measured: pd.DataFrame, best: bool, last: Mapping[str, int]
) -> list[dict | None]:
    """For each group the mean of its runs' last or best values, {text, value, as_of}; None where there is none."""
    found, column = ends(measured), "best" if best else "last"
    made: list[dict | None] = []
    for group in groups:
        there = {one: v for one, v in run_groups.values(group, found, column).items() if math.isfinite(v)}
        steps = run_groups.values(group, found, f"{column}_step")
        values = [panel.by * v for v in there.values()]
        if not values:
            made.append(None)
            continue
        mean = fmean(values)
        places = 2 if panel.unit == " %" else 1 if panel.unit == "°" else 3
        spread = f" ± {table.written(stdev(values), places)}" if len(values) > 1 else ""
        lost = len(group.members) - len(values)
        when = as_of((int(steps[one]), last.get(one.experiment, 0)) for one in there)
        made.append({"text": f"{table.written(mean, places)}{spread}{panel.unit}", "value": mean, "lost": lost, "as_of": when})
    return made


def _list(values: np.ndarray) -> list[float | None]:
    return [_short(value) for value in values.tolist()]


def _short(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
