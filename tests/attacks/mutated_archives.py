"""Zips that are damaged, forged or packed otherwise as zips; each file in them is an honest export's."""

import io
import random
import stat
import zipfile

from dfa_lab.export import layout
from tests.attacks.hostile_values import text
from tests.attacks.mutations import mutation
from tests.export.zips import contents, rewritten

CENTRAL, LOCAL, END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"


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
