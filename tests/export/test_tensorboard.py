"""Event files: the bytes that TensorBoard's own writer makes, and every record in them."""

import struct
from collections.abc import Iterator

import pytest

from dfa_lab.export import layout, tensorboard
from dfa_lab.export.tensorboard import crc32c, event, head
from dfa_lab.records import Record
from tests.export.zips import ID, contents, trained, zipped

# RecordWriter of tensorboard 2.21.0, given Event(1234.5, file_version="brain.Event:2"), Event(1234.5, step=0,
# test_loss=6.9375) and Event(1235.25, step=300, "signal_angle/layer 1"=-0.1, "∠"=0)
THEIRS = bytes.fromhex(
    "1800000000000000a37f4b220900000000004a93401a0d627261696e2e4576656e743a3265b8d3fb"
    "1d00000000000000602fdf230900000000004a93402a120a100a09746573745f6c6f7373150000de400f2880ff"
    "3700000000000000e7e8ca590900000000004d934010ac022a290a1b0a147369676e616c5f616e676c652f6c61796572203115cdccccbd"
    "0a0a0a03e288a015000000001d9484e9"
)


def test_the_bytes_are_those_of_tensorboards_own_writer() -> None:
    ours = head(1234.5) + event(1234.5, 0, [("test_loss", 6.9375)])
    assert ours + event(1235.25, 300, [("signal_angle/layer 1", -0.1), ("∠", 0.0)]) == THEIRS


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (bytes(reversed(range(32))), 0x113FDB5C),
    ],
)
def test_the_checksum_is_that_of_rfc_3720(data: bytes, checksum: int) -> None:
    assert crc32c(data) == checksum


def varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return number, at


def fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """(number, content) of a protocol buffer, as its documentation has it."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            content, at = varint(data, at)
            yield key >> 3, content
            continue
        size = {1: 8, 5: 4}.get(key & 7, 0)
        if key & 7 == 2:
            size, at = varint(data, at)
        yield key >> 3, data[at : at + size]
        at += size


def read(file: bytes) -> list[tuple[int, str, float]]:
    """(step, tag, value) of every value."""
    found, at = [], 0
    while at < len(file):
        (length,) = struct.unpack_from("<Q", file, at)
        parts = list(fields(file[at + 12 : at + 12 + length]))
        step = next((content for number, content in parts if number == 2), 0)
        for summary in (content for number, content in parts if number == 5):
            for _, value in fields(bytes(summary)):  # type: ignore[arg-type]
                named = dict(fields(bytes(value)))  # type: ignore[arg-type]
                found.append((step, bytes(named[1]).decode(), struct.unpack("<f", bytes(named[2]))[0]))  # type: ignore[arg-type]
        at += 12 + length + 4
    assert at == len(file)
    return found


def test_every_record_is_in_the_file_of_its_run(tmp_path) -> None:
    store, checkpoints, trainer = trained(tmp_path)
    store.add_records(
        ID, [Record(0, "signal_angle", 1, None, 7, 1.0, 7, 1.0), Record(0, "test_loss", None, 1e300, 7, 1.0, 7, 1.0)]
    )
    files = contents(zipped(store, checkpoints))
    for number, (rule, seed) in enumerate(trainer.experiment.runs()):
        name = f"tensorboard/{rule}-seed{seed}/{tensorboard.FILE}"
        assert layout.EVENTS.fullmatch(name)
        wanted = [
            (r.step, r.metric + (f"/layer {r.layer}" if r.layer else ""), struct.unpack("<f", struct.pack("<f", r.value))[0])
            for r in store.records(ID)
            if r.run == number and r.value is not None and r.value < 1e300
        ]
        assert read(files[name]) == wanted and len(wanted) > 10
    store.close()
