"""Zips with other files in them than an honest export has; checksums fit, as whoever changes a file can make them."""

import json
import random
from typing import Any

from dfa_lab.export import layout
from tests.attacks.hostile_values import changed, text, value
from tests.attacks.mutations import mutation
from tests.export.zips import contents, rewritten

TENSORS = ("F64", "F16", "BF16", "I64", "I8", "U8", "BOOL", "F8_E4M3", "C64", "X", "", 7, None)


@mutation
def swapped(raw: bytes, chance: random.Random) -> bytes:
    files = contents(raw)
    one, other = chance.sample([name for name in files if name != layout.MANIFEST], 2)
    return rewritten(raw, {one: files[other], other: files[one]})


@mutation
def wrong_manifest(raw: bytes, chance: random.Random) -> bytes:
    found = changed(json.loads(contents(raw)[layout.MANIFEST]), chance, chance.choice((1, 3)))
    return rewritten(raw, {layout.MANIFEST: _json(found)})


@mutation
def wrong_experiment(raw: bytes, chance: random.Random) -> bytes:
    found = changed(json.loads(contents(raw)[layout.EXPERIMENT]), chance, chance.choice((1, 3)))
    return rewritten(raw, {layout.EXPERIMENT: _json(found)})


@mutation
def wrong_settings(raw: bytes, chance: random.Random) -> bytes:
    """With the state, whose settings are then others, and without it."""
    about = json.loads(contents(raw)[layout.EXPERIMENT])
    about["settings"] = changed(about["settings"], chance, chance.choice((1, 2)))
    without: dict[str, bytes | None] = {layout.STATE: None} if chance.random() < 0.7 else {}
    return rewritten(raw, {layout.EXPERIMENT: _json(about), **without})


@mutation
def deep_json(raw: bytes, chance: random.Random) -> bytes:
    name, depth = chance.choice((layout.EXPERIMENT, layout.MANIFEST)), chance.choice((500, 5000, 200_000))
    inner = b"[" * depth + b"]" * depth if chance.random() < 0.5 else b'{"a":' * depth + b"1" + b"}" * depth
    honest = contents(raw)[name].rstrip()
    return rewritten(raw, {name: chance.choice((inner, honest[:-1] + b',"deep":' + inner + b"}"))})


@mutation
def no_text(raw: bytes, chance: random.Random) -> bytes:
    """JSON that is none, in another encoding, with a key twice, with numbers that are none."""
    honest = contents(raw)[layout.EXPERIMENT].rstrip()
    found = (b"\xff\xfe", honest.decode().encode("utf-16"), b"\xef\xbb\xbf" + honest, honest[:-1] + b',"id":"../x"}')
    more = (honest[:-1] + b',"created":NaN}', honest[:-1] + b',"finished":1e999}', honest[:-1] + b',"id":"\\ud800"}')
    return rewritten(
        raw, {layout.EXPERIMENT: chance.choice((*found, *more, honest[:-1] + b',"created":' + b"9" * 5000 + b"}"))}
    )


@mutation
def wrong_records(raw: bytes, chance: random.Random) -> bytes:
    rows = [line.split(",") for line in contents(raw)[layout.CSV].decode().splitlines()]
    for _ in range(chance.choice((1, 1, 5))):
        at = chance.randrange(len(rows))
        match chance.randrange(8):
            case 0:
                rows.pop(at)
            case 1:
                rows.insert(at, rows[at])
            case 2:
                rows[at] = [*rows[at], "1"]
            case 3:
                chance.shuffle(rows[at])
            case 4:
                rows[at][chance.randrange(len(rows[at]))] = '"' + text(chance)
            case _:
                column = chance.randrange(len(rows[at]))
                rows[at][column] = chance.choice((text(chance), str(chance.choice((-1, 0, 1e9, 1e308, 2**53, "nan", "inf")))))
        rows = rows or [["run"]]
    return rewritten(raw, {layout.CSV: "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")})


@mutation
def no_records(raw: bytes, chance: random.Random) -> bytes:
    honest = contents(raw)[layout.CSV]
    head = honest.partition(b"\n")[0]
    found = (
        b"",
        head,
        head + b"\n",
        b"\n" * 1000,
        honest.replace(b",", b";"),
        b"\x1f\x8b" + honest,
        honest[: len(honest) // 2],
    )
    return rewritten(raw, {layout.CSV: chance.choice((*found, head + b"\n" + b"," * 100_000, honest.replace(b"\n", b"\r")))})


def _tensors(raw: bytes, chance: random.Random) -> tuple[str, dict[str, Any], bytes]:
    """One of the files of tensors: its name, its head and its numbers."""
    files = contents(raw)
    name = chance.choice([name for name in files if name.endswith(".safetensors")] + [layout.STATE] * 2)
    length = int.from_bytes(files[name][:8], "little")
    return name, json.loads(files[name][8 : 8 + length]), files[name][8 + length :]


def _json(document: Any) -> bytes:
    return json.dumps(document).encode()


def _file(head: Any, numbers: bytes) -> bytes:
    written = _json(head)
    return len(written).to_bytes(8, "little") + written + numbers


@mutation
def wrong_head_of_tensors(raw: bytes, chance: random.Random) -> bytes:
    """Types, shapes, places and names that are not those of the file's numbers."""
    name, head, numbers = _tensors(raw, chance)
    for _ in range(chance.choice((1, 1, 4))):
        tensor = chance.choice([one for one in head if one != "__metadata__"])
        match chance.randrange(6):
            case 0:
                head[tensor] = {**head[tensor], "dtype": chance.choice(TENSORS)}
            case 1:
                head[tensor] = {
                    **head[tensor],
                    "shape": chance.choice(([], [0], [2**40], [-1], [2**32, 2**32], [1.5], "x", [[1]])),
                }
            case 2:
                head[tensor] = {**head[tensor], "data_offsets": chance.choice(([0, 0], [5, 1], [0, 2**60], [-4, 0], [0], None))}
            case 3:
                head[chance.choice((text(chance), "0.network.x", "77.network.readout.bias"))] = head.pop(tensor)
            case 4:
                del head[tensor]
            case _:
                head = changed(head, chance)
        if not isinstance(head, dict) or len(head) < 2:
            break
    return rewritten(raw, {name: _file(head, numbers)})


@mutation
def other_type_of_tensors(raw: bytes, chance: random.Random) -> bytes:
    """As many bytes, and so a right file: numbers of another type, or in another shape."""
    name, head, numbers = _tensors(raw, chance)
    same = {"F32": ("I32", "U32"), "F64": ("I64", "U64"), "I64": ("F64", "U64")}
    for tensor in chance.sample(sorted(head), min(len(head), chance.choice((1, 3, 99)))):
        about = head[tensor]
        if about.get("dtype") in same:
            head[tensor] = {**about, "dtype": chance.choice(same[about["dtype"]])}
        if "shape" in about and chance.random() < 0.4:
            head[tensor] = {
                **head[tensor],
                "shape": chance.choice((about["shape"][::-1], [1, *about["shape"]], about["shape"])),
            }
    return rewritten(raw, {name: _file(head, numbers)})


@mutation
def numbers_that_are_none(raw: bytes, chance: random.Random) -> bytes:
    """NaN, infinite and huge weights; counts below zero."""
    name, head, numbers = _tensors(raw, chance)
    pattern = chance.choice(
        (b"\x00\x00\xc0\x7f", b"\x00\x00\x80\xff", b"\xff\xff\x7f\x7f", b"\xff" * 4, b"\x00\x00\x00\x80", b"\x01\0\0\0")
    )
    start = 4 * chance.randrange(len(numbers) // 4)
    length = 4 * chance.choice((1, 200, len(numbers)))
    many = (pattern * (length // 4 + 1))[: min(length, len(numbers) - start)]
    return rewritten(raw, {name: _file(head, numbers[:start] + many + numbers[start + len(many) :])})


@mutation
def wrong_state(raw: bytes, chance: random.Random) -> bytes:
    """The numbers of the state, and what it says of its settings."""
    head, numbers = _state(raw)
    told = json.loads(head["__metadata__"]["dfa_lab"])
    if chance.random() < 0.7:
        own = {name: inner for name, inner in told.items() if name != "experiment"}
        found = changed(own, chance, chance.choice((1, 2)))
        told = {**(found if isinstance(found, dict) else {}), "experiment": told["experiment"]}
    else:
        told = changed(told, chance)
    head["__metadata__"] = {**head["__metadata__"], "dfa_lab": json.dumps(told)}
    return rewritten(raw, {layout.STATE: _file(head, numbers)})


@mutation
def wrong_metadata(raw: bytes, chance: random.Random) -> bytes:
    head, numbers = _state(raw)
    deeply = "[" * chance.choice((900, 100_000))
    head["__metadata__"] = chance.choice(
        (None, {}, [], {"dfa_lab": value(chance)}, {"dfa_lab": deeply}, {"dfa_lab": "NaN"}, value(chance))
    )
    return rewritten(raw, {layout.STATE: _file(head, numbers)})


@mutation
def wrong_length_of_tensors(raw: bytes, chance: random.Random) -> bytes:
    name, head, numbers = _tensors(raw, chance)
    honest = _file(head, numbers)
    length = chance.choice((0, 1, 2, 2**63, 2**64 - 1, len(honest), len(honest) - 8, 200))
    made = (
        length.to_bytes(8, "little") + honest[8:],
        honest[: chance.randrange(len(honest))],
        honest + bytes(40),
        b"",
        bytes(8),
    )
    return rewritten(raw, {name: chance.choice(made)})


def _state(raw: bytes) -> tuple[dict[str, Any], bytes]:
    file = contents(raw)[layout.STATE]
    length = int.from_bytes(file[:8], "little")
    return json.loads(file[8 : 8 + length]), file[8 + length :]
