"""The maps of layer × step on the page "Angles": made once for all who watch, and anew only when something was measured since.

They need the records alone, so there are maps of experiments whose networks are long gone, too.
"""

import threading
from collections import OrderedDict

from app.shell.server import manager
from dfa_lab.compare.over_time import layers_by_steps
from dfa_lab.records import DRAWN, Record
from dfa_lab.runs.live import Status

BY_METRIC = {drawn["metric"]: measure for measure, drawn in DRAWN.items()}
MOST_CELLS = 12_000  # of one map: what a tick may send
COLUMNS = (40, 240)  # fewest and most
KEPT = 8  # experiments whose records are kept at hand


class Seen:
    """What was read of one experiment: how many records of which list, those of each metric, and by measure their maps."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.forget(0)

    def forget(self, number: int) -> None:
        """Begin with the list of records that has this number."""
        self.number, self.have = number, 0
        self.rows: dict[str, list[Record]] = {}
        self.maps: dict[str, dict] = {}

    def read(self, id: str) -> None:
        """What is new. With the lock held."""
        if (number := manager().record_list(id)) != self.number:
            self.forget(number)
        new = manager().records(id, self.have)
        self.have += len(new)
        for record in new:
            if record.metric in BY_METRIC:
                self.rows.setdefault(record.metric, []).append(record)


_all: OrderedDict[str, Seen] = OrderedDict()
_lock = threading.Lock()


def heat(status: Status, measure: str) -> dict:
    """{measure, rules: rule -> {steps, rows, values}, version}, plain JSON; `version` grows with what has been measured."""
    seen, experiment = _seen(status.id), status.experiment
    with seen.lock:
        seen.read(status.id)
        records = seen.rows.get(DRAWN[measure]["metric"], [])
        made = seen.maps.get(measure)
        if made and made["version"] == len(records) and made["layers"] == len(status.layers):
            return made
        most = min(COLUMNS[1], max(COLUMNS[0], MOST_CELLS // (len(status.layers) + 2)) // 2 * 2)
        rules = {}
        for rule in experiment.rules:
            runs = {number for number, (name, _) in enumerate(experiment.runs()) if name == rule}
            found = layers_by_steps(records, runs, len(status.layers), most)
            rules[rule] = {"steps": found.steps, "rows": found.rows, "values": found.values}
        made = {"measure": measure, "rules": rules, "version": len(records), "layers": len(status.layers)}
        seen.maps[measure] = made
        return made


def metrics(status: Status) -> set[str]:
    """The measured metrics of which there are records."""
    seen = _seen(status.id)
    with seen.lock:
        seen.read(status.id)
        return set(seen.rows)


def _seen(id: str) -> Seen:
    with _lock:
        seen = _all.setdefault(id, Seen())
        _all.move_to_end(id)
        while len(_all) > KEPT:
            _all.popitem(last=False)
        return seen
