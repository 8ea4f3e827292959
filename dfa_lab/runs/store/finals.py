"""The last and the best value of every run's metrics of the whole network, kept beside the records: lists need only these.

The best is the smallest: every metric is an error, a loss or an angle to the true gradient. Of equals it is the first.
"""

import sqlite3
from collections.abc import Iterable

from dfa_lab.records import Record

ROWS = 500  # in one INSERT
FOLD = """
    ON CONFLICT (experiment, run, metric) DO UPDATE SET value = excluded.value, step = excluded.step,
        best = CASE WHEN best IS NULL OR excluded.best < best THEN excluded.best ELSE best END,
        best_step = CASE WHEN best IS NULL OR excluded.best < best THEN excluded.best_step ELSE best_step END
"""
# SQLite takes the bare columns beside min() or max() from the row that holds it, the first one of equals.
REFILL = """
    INSERT INTO finals
    SELECT l.experiment, l.run, l.metric, l.value, l.step, b.best, CASE WHEN b.best IS NOT NULL THEN b.step END
    FROM (SELECT experiment, run, metric, value, step, max(seq) FROM records
          WHERE experiment = ?1 AND layer IS NULL GROUP BY run, metric) l
    JOIN (SELECT run, metric, step, min(value) AS best FROM records
          WHERE experiment = ?1 AND layer IS NULL GROUP BY run, metric) b ON l.run = b.run AND l.metric = b.metric
"""


def refill(connection: sqlite3.Connection, experiment: str) -> None:
    """Make an experiment's finals anew from its records."""
    connection.execute("DELETE FROM finals WHERE experiment = ?", (experiment,))
    connection.execute(REFILL, (experiment,))


class Finals:
    """What a batch of records does to the finals, gathered, and then written in few statements."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, int, str], list[object]] = {}

    def add(self, experiment: str, records: Iterable[Record]) -> None:
        for record in records:
            if record.layer is not None:
                continue
            # NaN is NULL in SQLite
            value = None if record.value is None or record.value != record.value else float(record.value)
            at = int(record.step)
            row = self._rows.setdefault((experiment, int(record.run), record.metric), [None, 0, None, None])
            row[:2] = value, at
            best = row[2]
            if value is not None and (not isinstance(best, float) or value < best):
                row[2:] = value, at

    def write(self, connection: sqlite3.Connection) -> None:
        rows = [(*key, *row) for key, row in self._rows.items()]
        for start in range(0, len(rows), ROWS):
            part = rows[start : start + ROWS]
            places = ",".join(["(?,?,?,?,?,?,?)"] * len(part))
            connection.execute(f"INSERT INTO finals VALUES {places}{FOLD}", [cell for row in part for cell in row])
        self._rows = {}
