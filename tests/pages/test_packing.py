"""Parts that were packed one by one are unpacked as one text, by every library that reads gzip."""

import gzip
import random
import string
import zlib

from app.live.packing import Part, gzipped, plain


def unpacked(file: bytes) -> bytes:
    """The text as browsers unpack it: one member, to the end of it and no further."""
    reader = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    text = reader.decompress(file)
    assert reader.eof and reader.unused_data == b""
    return text


def test_parts_in_any_order_and_number_are_one_text() -> None:
    drawn = random.Random(0)
    texts = [
        "",
        "{",
        "é∠δ̂",
        *("".join(drawn.choices(string.printable, k=drawn.randrange(70_000))) for _ in range(5)),
        "0," * 99_999,
    ]
    parts = [Part(text) for text in texts]
    for _ in range(20):
        chosen = drawn.choices(range(len(parts)), k=drawn.randrange(12))
        file = gzipped([parts[number] for number in chosen])
        text = "".join(texts[number] for number in chosen).encode()
        assert unpacked(file) == text == gzip.decompress(file) == plain([parts[number] for number in chosen])


def test_a_part_is_packed() -> None:
    assert len(gzipped([Part("0.125," * 10_000)] * 3)) < 3 * 60_000 / 50
