"""Layer × step: the values of one metric of one rule as a picture of so many columns at most, with nothing extreme left out."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from dfa_lab.records import Record

WHOLE = "whole network"
READOUT = "readout"


@dataclass(frozen=True)
class Map:
    """`values`: a row for each of `rows`, layer 1 first; in each a value for each of `steps`, None where there is none."""

    steps: list[int]
    rows: list[str]
    values: list[list[float | None]]


def layers_by_steps(records: Iterable[Record], runs: Collection[int], blocks: int, most: int) -> Map:
    """The map of the records of one metric: the mean over `runs`, the seeds of a rule, of those that have a value at a step.

    `blocks`: hidden layers of the network; `most`: columns, an even number.
    """
    mine = pd.DataFrame(
        [(blocks + 2 if r.layer is None else r.layer, r.step, r.value) for r in records if r.run in runs],
        columns=["layer", "step", "value"],
    ).astype({"value": float})
    if mine.empty:
        return Map([], [], [])
    table = mine.pivot_table(index="layer", columns="step", values="value", aggfunc="mean", dropna=False)
    steps, values = thinned(table.columns.to_numpy(), table.to_numpy(), most)
    names = {blocks + 1: READOUT, blocks + 2: WHOLE}
    return Map(
        [int(step) for step in steps],
        [names.get(int(layer), str(layer)) for layer in table.index],
        [[None if np.isnan(value) else float(f"{value:.4g}") for value in row] for row in values],
    )


def thinned(steps: np.ndarray, values: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """steps (columns,), values (rows, columns) -> at most `most` columns, an even number.

    Of every stretch of columns each row keeps its lowest and its highest value, in their order; they stand at the first
    and at the middle step of the stretch. A gap is kept where a row has no value in the whole stretch.
    """
    if len(steps) <= most:
        return steps, values
    edges = np.linspace(0, len(steps), most // 2 + 1).round().astype(int)
    at, kept = [], []
    for start, end in pairwise(edges):
        part = values[:, start:end]
        known = ~np.isnan(part).all(1)
        low = np.where(np.isnan(part), np.inf, part).argmin(1)
        high = np.where(np.isnan(part), -np.inf, part).argmax(1)
        for place in (np.minimum(low, high), np.maximum(low, high)):
            kept.append(np.where(known, part[np.arange(len(part)), place], np.nan))
        at += [start, (start + end) // 2]
    return steps[at], np.stack(kept, 1)
