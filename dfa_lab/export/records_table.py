"""Records as a table: written as CSV and Parquet, read from CSV alone, since plain text claims no sizes."""

import csv as csv_words
import math
import warnings
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from dfa_lab.records import METRICS, Record
from dfa_lab.settings.experiment import Experiment

COLUMNS = {
    "run": "number of the run, from 0",
    "rule": "its learning rule",
    "seed": "its seed",
    "metric": "what was measured",
    "layer": "hidden layer, 1 nearest the input; empty: the whole network",
    "value": "the value; empty: not defined there",
    "step": "optimiser steps done when it was measured",
    "epoch": "passes through the training set",
    "samples": "training samples seen",
    "seconds": "of the run's own computing in training steps; by the clock on the wall where `measures` in versions is below 3",
}
WHOLE = ("run", "seed", "step", "samples")  # numbers
MOST = 4_000_000  # rows of a file that is read
LARGEST = 2**53  # a whole number
DEEPEST = 1000  # layer
LONGEST_LINE = 10_000  # bytes


class TableError(ValueError):
    """A table that cannot be read; the text says why, without a full stop."""


def table(experiment: Experiment, records: Sequence[Record]) -> pd.DataFrame:
    """One row a record, in order, with COLUMNS."""
    frame = pd.DataFrame(list(records), columns=list(Record._fields))
    runs = experiment.runs()
    frame.insert(1, "rule", [runs[number][0] for number in frame["run"]])
    frame.insert(2, "seed", [runs[number][1] for number in frame["run"]])
    types = dict.fromkeys(WHOLE, "int64") | dict.fromkeys(("value", "epoch", "seconds"), "float64")
    return frame.astype({**types, "layer": "Int64", "rule": "string", "metric": "string"})


def csv(frame: pd.DataFrame) -> bytes:
    """Every digit of every number is kept."""
    return frame.to_csv(index=False, lineterminator="\n").encode()


def parquet(frame: pd.DataFrame) -> bytes:
    """The table as pandas and pyarrow write it."""
    file = BytesIO()
    frame.to_parquet(file, engine="pyarrow", index=False)
    return file.getvalue()


def read(path: Path, experiment: Experiment) -> list[Record]:
    """The records of a file that somebody else may have written. Raises TableError and OSError."""
    _check_form(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # rows that are longer than the first
            frame = pd.read_csv(
                path,
                dtype={"rule": "string", "metric": "string"},
                index_col=False,
                keep_default_na=False,
                na_values=[""],
                compression=None,
                quoting=csv_words.QUOTE_NONE,
                low_memory=False,
            )
    except (ValueError, OverflowError, pd.errors.ParserWarning) as error:  # ParserError is a ValueError
        raise TableError("it is no table") from error
    if len(frame) == 0:
        return []
    numbers = {name: _numbers(frame, name) for name in ("layer", "value", *WHOLE, "epoch", "seconds")}
    texts = {name: frame[name].fillna("").tolist() for name in ("rule", "metric")}
    _check(numbers, texts["metric"])
    whole = {name: numbers[name].astype(np.int64).tolist() for name in WHOLE}
    _check_runs(whole["run"], texts["rule"], whole["seed"], experiment)
    layers = [None if math.isnan(layer) else int(layer) for layer in numbers["layer"].tolist()]
    values = [None if math.isnan(value) else value for value in numbers["value"].tolist()]
    times = numbers["epoch"].tolist(), numbers["seconds"].tolist()
    rows = zip(whole["run"], texts["metric"], layers, values, whole["step"], times[0], whole["samples"], times[1], strict=True)
    return [Record(*row) for row in rows]


def _check_form(path: Path) -> None:
    """Whether it has the columns and every line as many cells, before pandas reads it: a line of a million commas takes that
    minutes. Raises TableError and OSError."""
    with path.open("rb") as file:
        head = file.readline(LONGEST_LINE).rstrip(b"\r\n")
        if not head or not head.isascii():
            raise TableError("it is no table")
        if head.decode() != ",".join(COLUMNS):
            raise TableError(f"its columns are not {', '.join(COLUMNS)}")
        for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE), b"")):
            if number == MOST:
                raise TableError(f"it has more than {MOST:,} rows")
            if line.count(b",") != len(COLUMNS) - 1 or len(line) == LONGEST_LINE:
                raise TableError("it is no table")


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    """A column as float64; NaN where it is empty."""
    try:
        return frame[[name]].to_numpy(dtype="float64", na_value=np.nan)[:, 0]
    except (ValueError, TypeError, OverflowError) as error:
        raise TableError(f"its column {name} holds something else than numbers") from error


def _check(numbers: Mapping[str, np.ndarray], metrics: Sequence[str]) -> None:
    """Raises TableError for numbers that the lab could not have measured."""
    for name in (*WHOLE, "epoch", "seconds"):
        column = numbers[name]
        if np.isnan(column).any():
            raise TableError(f"its column {name} has gaps")
        if column.min() < 0 or column.max() > LARGEST:
            raise TableError(f"its column {name} holds numbers outside of 0 to {LARGEST}")
        if name in WHOLE and (column % 1 != 0).any():
            raise TableError(f"its column {name} holds something else than whole numbers")
    layers = numbers["layer"][~np.isnan(numbers["layer"])]
    if len(layers) and (layers.min() < 1 or layers.max() > DEEPEST or (layers % 1 != 0).any()):
        raise TableError(f"its column layer holds something else than whole numbers from 1 to {DEEPEST}")
    if np.isinf(numbers["value"]).any():
        raise TableError("its column value holds infinite numbers")
    if strange := set(metrics) - set(METRICS):
        raise TableError(f"it holds {min(strange)[:40]!r}, which this lab does not measure")


def _check_runs(numbers: Sequence[int], rules: Sequence[str], seeds: Sequence[int], experiment: Experiment) -> None:
    runs = dict(enumerate(experiment.runs()))
    for number, rule, seed in set(zip(numbers, rules, seeds, strict=True)):
        if runs.get(number) != (rule, seed):
            raise TableError("its runs, rules and seeds are not those of the settings")
