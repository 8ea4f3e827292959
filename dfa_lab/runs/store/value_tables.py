"""Many experiments' values at once, as tables: what lists, comparisons and exports are made of."""

import json
import sqlite3
from collections.abc import Sequence

import numpy as np
import pandas as pd
from tsdownsample import MinMaxLTTBDownsampler

from dfa_lab.runs.store.known_wrong import is_wrong, or_gap

FINALS = ("experiment", "run", "metric", "value", "step", "best", "best_step", "wrong")
CURVES = ("experiment", "run", "step", "epoch", "samples", "seconds", "value")
LEAST = 8  # points of a curve
FIRST_RECORDS = 3000  # of an experiment, among which each of its layers' metrics is once
AMONG = "experiment IN (SELECT value FROM json_each(?))"


def no_finals() -> pd.DataFrame:
    return _frame(FINALS, [])


def no_curves() -> pd.DataFrame:
    return _frame(CURVES, [])


def finals(connection: sqlite3.Connection, ids: Sequence[str]) -> pd.DataFrame:
    """A row for each experiment, run and metric. Raises sqlite3.Error."""
    values = f"{or_gap('value')}, step, {or_gap('best')}, best_step, max({is_wrong('value')}, {is_wrong('best')})"
    sql = f"SELECT experiment, run, metric, {values} FROM finals WHERE {AMONG} ORDER BY experiment, run, metric"
    return _frame(FINALS, connection.execute(sql, (json.dumps(list(ids)),)).fetchall())


def measured(connection: sqlite3.Connection, ids: Sequence[str]) -> list[tuple[str, int | None]]:
    """(metric, layer) of what these experiments have, without reading all of it. Raises sqlite3.Error."""
    sql = (
        f"SELECT metric, layer FROM records WHERE {AMONG} AND seq < ? UNION SELECT metric, NULL FROM finals WHERE {AMONG} "
        "ORDER BY metric, layer"
    )
    among = json.dumps(list(ids))
    return connection.execute(sql, (among, FIRST_RECORDS, among)).fetchall()


def curves(connection: sqlite3.Connection, ids: Sequence[str], metric: str, points: int, layer: int | None) -> pd.DataFrame:
    """The rows of each run in the order in which they were measured, no more than `points`. Raises sqlite3.Error."""
    columns = f"{', '.join(CURVES[:-1])}, {or_gap('value')}"
    sql = f"SELECT {columns} FROM records WHERE {AMONG} AND metric = ? AND layer IS ? ORDER BY experiment, seq"
    table = _frame(CURVES, connection.execute(sql, (json.dumps(list(ids)), metric, layer)).fetchall())
    order = np.lexsort((table["run"], table["experiment"].factorize()[0]))  # stable: steps stay in order
    table = table.iloc[order].reset_index(drop=True)
    kept = [
        rows[thinned(table["step"].to_numpy()[rows], table["value"].to_numpy()[rows], points)]
        for rows in table.groupby(["experiment", "run"], sort=False).indices.values()
    ]
    return table.iloc[np.concatenate(kept)].reset_index(drop=True) if kept else table


def thinned(x: np.ndarray, y: np.ndarray, points: int) -> np.ndarray:
    """Which of the rows to draw, in order and at most `points`: MinMaxLTTB (Van Der Donckt et al., 2023, arXiv 2305.00332).

    x: (n,), not falling; y: (n,), NaN where it is not defined. The first and last value, the smallest and the largest are
    among them, and where most between two neighbours is NaN one of these, so that a line breaks there.
    """
    points = max(points, LEAST)
    if len(x) <= points:
        return np.arange(len(x))
    there = np.flatnonzero(~np.isnan(y))
    if len(there) == 0:
        return np.array([0, len(x) - 1])
    finite = np.nan_to_num(y[there], posinf=np.finfo(float).max, neginf=np.finfo(float).min)
    chosen, room = there, points - 2
    if len(there) > room:
        chosen = _chosen(x[there], finite, there, room)
        if gaps := len(_gaps(y, chosen)):
            # Half of the room at most is for gaps; where there are more, lines run over the last of them.
            chosen = _chosen(x[there], finite, there, max(room - gaps, room // 2))
    extremes = [there[np.argmin(finite)], there[np.argmax(finite)]]
    chosen = np.union1d(chosen, extremes)
    return np.union1d(chosen, _gaps(y, chosen)[: points - len(chosen)])


def _chosen(x: np.ndarray, y: np.ndarray, rows: np.ndarray, most: int) -> np.ndarray:
    return rows[MinMaxLTTBDownsampler().downsample(x, y, n_out=most).astype(np.int64)]


def _gaps(y: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """A row without a value for each pair of neighbours with more such rows than others between them."""
    missing = np.isnan(y)
    before = np.concatenate([[0], np.cumsum(missing)])
    left, right = chosen[:-1], chosen[1:]
    found = left[(before[right] - before[left + 1]) * 2 > right - left - 1]
    rows = np.flatnonzero(missing)
    return rows[np.searchsorted(rows, found)]


def _frame(columns: Sequence[str], rows: list[tuple[object, ...]]) -> pd.DataFrame:
    """Values as numbers, None as NaN."""
    table = pd.DataFrame.from_records(rows, columns=list(columns))
    kinds = {"experiment": str, "metric": str, "run": np.int64, "step": np.int64, "samples": np.int64, "wrong": bool}
    return table.astype({column: kinds.get(column, np.float64) for column in columns})
