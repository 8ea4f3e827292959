"""Records as TensorBoard event files, without TensorBoard: a header, then one Event a step of a run.

A file is a TFRecord: for each Event its length, a checksum of the length, the Event, a checksum of the Event. Events are
protocol buffers (tensorflow/core/util/event.proto and summary.proto), of which five fields are needed.
"""

import struct
from collections.abc import Iterable, Sequence
from itertools import groupby

from dfa_lab.records import Record
from dfa_lab.settings.experiment import Experiment

FILE = "events.out.tfevents.0000000000.dfa-lab"  # TensorBoard looks for tfevents in the name
CASTAGNOLI = 0x82F63B78  # the polynomial of CRC-32C, bits reversed
LARGEST = 3.4e38  # that 32 bits hold


def _table() -> list[int]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ CASTAGNOLI * (crc & 1)
        table.append(crc)
    return table


TABLE = _table()


def crc32c(data: bytes) -> int:
    """The checksum of iSCSI (RFC 3720), which TFRecord uses."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _masked(data: bytes) -> bytes:
    """TFRecord rotates the checksum and adds a constant."""
    crc = crc32c(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def _framed(event: bytes) -> bytes:
    length = struct.pack("<Q", len(event))
    return length + _masked(length) + event + _masked(event)


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def _field(number: int, content: bytes) -> bytes:
    """A field of text or a message."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def event(time: float, step: int, values: Sequence[tuple[str, float]]) -> bytes:
    """An Event: wall_time (1), step (2), summary (5) of values (1), each of a tag (1) and a simple_value (2)."""
    summary = b"".join(_field(1, _field(1, tag.encode()) + b"\x15" + struct.pack("<f", value)) for tag, value in values)
    counted = b"\x10" + _varint(step) if step else b""  # a number that is 0 is left out
    return _framed(b"\x09" + struct.pack("<d", time) + counted + _field(5, summary))


def head(time: float) -> bytes:
    """The first Event: wall_time (1), file_version (3)."""
    return _framed(b"\x09" + struct.pack("<d", time) + _field(3, b"brain.Event:2"))


def files(experiment: Experiment, records: Iterable[Record], begun: float) -> dict[str, bytes]:
    """One file a run, in a folder of its own, by its name; `begun`: seconds since 1970."""
    parts = [[head(begun)] for _ in experiment.runs()]
    for (run, step), measured in groupby(records, key=lambda record: (record.run, record.step)):
        rows = [row for row in measured if row.value is not None and abs(row.value) <= LARGEST]
        if rows:
            parts[run].append(event(begun + rows[-1].seconds, step, [(_tag(row), row.value or 0.0) for row in rows]))
    names = [f"tensorboard/{rule}-seed{seed}/{FILE}" for rule, seed in experiment.runs()]
    return {name: b"".join(events) for name, events in zip(names, parts, strict=True)}


def _tag(record: Record) -> str:
    return record.metric if record.layer is None else f"{record.metric}/layer {record.layer}"
