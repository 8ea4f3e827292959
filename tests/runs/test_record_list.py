"""Records packed into bytes are the records that went in."""

import threading
from math import inf, nan

from dfa_lab.records import METRICS, Record
from dfa_lab.runs.record_list import NAMES, NO_LAYER, ROW, RecordList


def made(count: int, first: int = 0) -> list[Record]:
    names = list(METRICS)
    return [
        Record(n % 30, names[n % len(names)], (None, 1, 100)[n % 3], (0.1, None, -inf, 1e300)[n % 4], n, n / 3, 64 * n, n / 7)
        for n in range(first, first + count)
    ]


def test_what_went_in_comes_out():
    records = made(200)
    packed = RecordList(records[:50])
    packed.extend(records[50:])
    assert len(packed) == 200 and list(packed) == records
    assert (
        packed[:] == records and packed[37:] == records[37:] and packed[300:] == [] and packed[-20:90:-7] == records[-20:90:-7]
    )
    assert packed[0] == records[0] and packed[-1] == records[-1]
    assert RecordList([records[0]._replace(value=nan)])[0].value is None


def test_the_table_is_the_records_in_columns():
    records = made(200)
    packed = RecordList(records)
    table = packed.table(60)
    packed.extend(made(3))  # what is still in somebody's hands does not keep it from growing
    assert len(table) == 140 and not len(packed.table(203)) and not len(RecordList().table())
    for name in ("run", "step", "epoch", "samples", "seconds"):
        assert table[name].tolist() == [getattr(record, name) for record in records[60:]]
    assert [NAMES[number] for number in table["metric"]] == [record.metric for record in records[60:]]
    assert [None if layer == NO_LAYER else layer for layer in table["layer"]] == [record.layer for record in records[60:]]
    assert [None if value != value else value for value in table["value"]] == [record.value for record in records[60:]]


def test_there_is_no_record_beyond_the_last():
    packed = RecordList(made(3))
    for place in (3, -4):
        try:
            packed[place]
        except IndexError:
            continue
        raise AssertionError(place)
    assert not RecordList() and RecordList()[:] == []


def test_a_reader_beside_the_writer_sees_whole_rows():
    packed, ended = RecordList(), threading.Event()

    def write() -> None:
        for n in range(0, 6000, 30):
            packed.extend(made(30, n))
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not ended.is_set():
        seen = packed[:]
        assert [record.step for record in seen] == list(range(len(seen)))
    writer.join()
    assert packed[:] == made(6000) and ROW.size <= 45
