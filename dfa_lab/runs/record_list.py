"""The records of an experiment in memory: 45 bytes each, where a list of tuples takes 300, for trainings that last."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import overload

import numpy as np

from dfa_lab.records import METRICS, Record

FIELDS = {"run": "H", "layer": "h", "metric": "B", "value": "d", "step": "q", "epoch": "d", "samples": "q", "seconds": "d"}
ROW = struct.Struct("<" + "".join(FIELDS.values()))
COLUMNS = np.dtype([(name, f"<{kind}") for name, kind in FIELDS.items()])  # the same, for a table
NAMES = list(METRICS)
NUMBERS = {name: number for number, name in enumerate(NAMES)}
NO_LAYER = -1
NOTHING = float("nan")
_numbers = count(1)


class RecordList(Sequence[Record]):
    """A list that only grows. One thread extends it while others read.

    A value that is no number comes back as None, as in the store.

    `number`: each list of this process has its own, so that who has read a part of one can tell it from a later list.
    """

    def __init__(self, records: Iterable[Record] = ()):
        self.number = next(_numbers)
        self._rows = bytearray()
        self.extend(records)

    def extend(self, records: Iterable[Record]) -> None:
        """Append all of them at once: no reader sees a part of a row."""
        self._rows += b"".join(map(_packed, records))

    def __len__(self) -> int:
        return len(self._rows) // ROW.size

    @overload
    def __getitem__(self, place: int) -> Record: ...

    @overload
    def __getitem__(self, place: slice) -> list[Record]: ...

    def __getitem__(self, place: int | slice) -> Record | list[Record]:
        count = len(self)
        if isinstance(place, int):
            if not -count <= place < count:
                raise IndexError(place)
            return _record(*ROW.unpack_from(self._rows, place % count * ROW.size))
        start, stop, step = place.indices(count)
        if step != 1:
            return [self[number] for number in range(start, stop, step)]
        return [_record(*row) for row in ROW.iter_unpack(bytes(self._rows[start * ROW.size : stop * ROW.size]))]

    def table(self, since: int = 0) -> np.ndarray:
        """A copy of those from number `since` on, as COLUMNS: a metric is its number, without a layer it is NO_LAYER, and a
        value that is not defined is not a number."""
        return np.frombuffer(self._rows[since * ROW.size :], COLUMNS)

    def __iter__(self) -> Iterator[Record]:
        return iter(self[:])


def _packed(record: Record) -> bytes:
    layer = NO_LAYER if record.layer is None else record.layer
    value = NOTHING if record.value is None else record.value
    after = (record.step, record.epoch, record.samples, record.seconds)
    return ROW.pack(record.run, layer, NUMBERS[record.metric], value, *after)


def _record(run: int, layer: int, metric: int, value: float, step: int, epoch: float, samples: int, seconds: float) -> Record:
    known = None if value != value else value
    return Record(run, NAMES[metric], None if layer == NO_LAYER else layer, known, step, epoch, samples, seconds)
