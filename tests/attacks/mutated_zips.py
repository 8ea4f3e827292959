"""Zips that differ from an honest export, each by one of the functions below, drawn by a seeded generator."""

import io
import json
import random
import stat
import zipfile
from collections.abc import Callable
from typing import Any

from dfa_lab.export import layout
from tests.attacks.hostile_values import changed, text, value
from tests.export.zips import contents, rewritten

Mutation = Callable[[bytes, random.Random], bytes]
MUTATIONS: dict[str, Mutation] = {}
CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"
TENSORS = ("F64", "F16", "BF16", "I64", "I8", "U8", "BOOL", "F8_E4M3", "C64", "X", "", 7, None)


def mutation(function: Mutation) -> Mutation:
    """Put a function among MUTATIONS."""
    MUTATIONS[function.__name__] = function
    return function


def mutated(raw: bytes, number: int, seed: int) -> tuple[str, bytes]:
    """The name of mutation `number`, in turn, and the zip that it makes with this seed."""
    name = list(MUTATIONS)[number % len(MUTATIONS)]
    return name, MUTATIONS[name](raw, random.Random(f"{seed} {number}"))


# the zip itself


@mutation
def flipped_bits(raw: bytes, chance: random.Random) -> bytes:
    found = bytearray(raw)
    for _ in range(chance.choice((1, 1, 3, 60))):
        found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
    return bytes(found)


@mutation
def flipped_bits_of_the_directory(raw: bytes, chance: random.Random) -> bytes:
    """At the zip's end, where names, sizes and places stand."""
    found, start = bytearray(raw), raw.index(CENTRAL)
    for _ in range(chance.choice((1, 2, 8))):
        found[chance.randrange(start, len(found))] ^= 1 << chance.randrange(8)
    return bytes(found)


@mutation
def cut_short(raw: bytes, chance: random.Random) -> bytes:
    return raw[: chance.randrange(len(raw))]


@mutation
def overwritten(raw: bytes, chance: random.Random) -> bytes:
    at, length = chance.randrange(len(raw)), chance.choice((4, 100, 5000))
    return raw[:at] + chance.randbytes(length) + raw[at + length :]


@mutation
def surrounded(raw: bytes, chance: random.Random) -> bytes:
    """By what belongs to no zip: some readers take it, and so may the lab."""
    return chance.randbytes(chance.randrange(200)) + raw + chance.randbytes(chance.choice((0, 10, 70_000)))


@mutation
def no_zip(raw: bytes, chance: random.Random) -> bytes:
    return chance.choice((b"", b"PK", END, END + bytes(18), LOCAL + bytes(90), b"\x1f\x8b\x08" + raw, chance.randbytes(900)))


def _entries(raw: bytes) -> list[int]:
    """Where the entries of the directory begin."""
    places, at = [], raw.index(CENTRAL)
    while raw[at : at + 4] == CENTRAL:
        places.append(at)
        at += 46 + sum(int.from_bytes(raw[at + n : at + n + 2], "little") for n in (28, 30, 32))
    return places


def _put(raw: bytes, at: int, number: int, length: int) -> bytes:
    return raw[:at] + (number % 256**length).to_bytes(length, "little") + raw[at + length :]


@mutation
def huge_size(raw: bytes, chance: random.Random) -> bytes:
    """Declared: unpacked (at 24), packed (at 20), or both."""
    at = chance.choice(_entries(raw))
    for place in chance.choice(((24,), (20,), (20, 24))):
        raw = _put(raw, at + place, chance.choice((2**31, 2**32 - 2, 999_999_999, 0, 1)), 4)
    return raw


@mutation
def zip64(raw: bytes, chance: random.Random) -> bytes:
    """An extra field with sizes of 64 bits, which counts where that of 32 is full."""
    at = chance.choice(_entries(raw))
    name = int.from_bytes(raw[at + 28 : at + 30], "little")
    sizes = [chance.choice((2**63, 2**64 - 1, 10**10, 0, 5)) for _ in range(chance.randrange(4))]
    field = b"\x01\x00" + (8 * len(sizes)).to_bytes(2, "little") + b"".join(size.to_bytes(8, "little") for size in sizes)
    entry = _put(_put(raw[at : at + 46 + name], 24, 2**32 - 1, 4), 30, len(field), 2)
    made = raw[:at] + entry + field + raw[at + 46 + name :]
    end = made.rindex(END)
    return _put(made, end + 12, int.from_bytes(made[end + 12 : end + 16], "little") + len(field), 4)


@mutation
def encrypted(raw: bytes, chance: random.Random) -> bytes:
    at = chance.choice(_entries(raw))
    return _put(
        raw, at + 8, int.from_bytes(raw[at + 8 : at + 10], "little") | chance.choice((1, 1 << 6 | 1, 1 << 5, 1 << 13)), 2
    )


@mutation
def other_method(raw: bytes, chance: random.Random) -> bytes:
    return _put(raw, chance.choice(_entries(raw)) + 10, chance.choice((0, 1, 9, 12, 14, 93, 95, 97, 99, 65535)), 2)


@mutation
def wrong_counts(raw: bytes, chance: random.Random) -> bytes:
    """Numbers of entries, size and place of the directory, length of the comment, number of disks."""
    end = raw.rindex(END)
    place, length = chance.choice(((4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)))
    return _put(raw, end + place, chance.choice((0, 1, 3, 2**16 - 1, 2**32 - 1, chance.randrange(2**32))), length)


@mutation
def wrong_place(raw: bytes, chance: random.Random) -> bytes:
    """An entry that begins where another one does, or nowhere."""
    one, other = chance.sample(_entries(raw), 2)
    return _put(raw, one + 42, chance.choice((int.from_bytes(raw[other + 42 : other + 46], "little"), 2**32 - 2, 7)), 4)


def _with_entry(raw: bytes, name: str, content: bytes = b"x", mode: int = 0) -> bytes:
    file = io.BytesIO(raw)
    with zipfile.ZipFile(file, "a") as one:
        entry = zipfile.ZipInfo("placeholder")
        entry.filename, entry.external_attr = name, mode << 16
        one.writestr(entry, content)
    return file.getvalue()


@mutation
def traversal(raw: bytes, chance: random.Random) -> bytes:
    up = chance.choice(("../", "..\\", "/", "//", "./../", "weights/../../", "C:\\", "C:", "\\\\host\\", "..%2f", "weights/"))
    return _with_entry(raw, up * chance.choice((1, 3, 40)) + "outside.txt")


@mutation
def link(raw: bytes, chance: random.Random) -> bytes:
    name = chance.choice(("weights/07-bp-seed7.safetensors", layout.COMMAND, layout.STATE))
    mode = chance.choice((stat.S_IFLNK, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR)) | 0o777
    return _with_entry(rewritten(raw, {name: None}), name, chance.choice((b"/etc/passwd", b"../mine", b"/dev/zero")), mode)


@mutation
def twice(raw: bytes, chance: random.Random) -> bytes:
    name = chance.choice(list(contents(raw)))
    return _with_entry(raw, name, contents(raw)[name])


@mutation
def strange_names(raw: bytes, chance: random.Random) -> bytes:
    name = text(chance).encode("utf-8", "replace").decode()[:60_000]
    return _with_entry(
        raw, chance.choice((name, f"weights/{name}", "records.csv\x00.exe", "Records.csv", "records.csv/", "nul"))
    )


@mutation
def many_files(raw: bytes, chance: random.Random) -> bytes:
    return rewritten(raw, {f"weights/{n:03d}-bp-seed0.safetensors": b"" for n in range(chance.choice((1, 90, 3000)))})


@mutation
def bomb(raw: bytes, chance: random.Random) -> bytes:
    name = chance.choice([layout.CSV, layout.STATE, layout.EXPERIMENT, layout.REPORT, layout.MANIFEST])
    return rewritten(raw, {name: chance.choice((b"0", b"[", b" ", b",")) * chance.choice((10**6, 19 * 10**6, 30 * 10**6))})


@mutation
def packed_otherwise(raw: bytes, chance: random.Random) -> bytes:
    """All as it was, in another order and packed by another method: honest."""
    files = list(contents(raw).items())
    chance.shuffle(files)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))) as one:
        for name, content in files:
            one.writestr(name, content)
    return file.getvalue()


# what is in it: checksums fit, as whoever changes a file can make them


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
