"""Text that is packed in parts, each of them once, and sent as one: what thirty visitors are sent is packed a single time.

A gzip file is a head, blocks (RFC 1951), a checksum and a length (RFC 1952). Blocks that were made without regard to what
comes before them and that end with a whole byte can follow each other in any order.
"""

import json
import zlib
from collections.abc import Sequence
from struct import pack

LEVEL = 5  # as Streamlit packs what it sends
HEAD = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])  # deflated, without a name or a time, by an unknown system
LAST = bytes([3, 0])  # an empty block that says that it is the last one


class Part:
    """A piece of a text, as it is and packed."""

    def __init__(self, text: str):
        self.text = text.encode()
        packer = zlib.compressobj(LEVEL, wbits=-zlib.MAX_WBITS)
        self.packed = packer.compress(self.text) + packer.flush(zlib.Z_SYNC_FLUSH)


def compact(content: dict) -> str:
    """JSON without spaces."""
    return json.dumps(content, separators=(",", ":"))


def plain(parts: Sequence[Part]) -> bytes:
    """The text of the parts, as bytes of UTF-8."""
    return b"".join(part.text for part in parts)


def gzipped(parts: Sequence[Part]) -> bytes:
    """The text of the parts as one gzip file."""
    checksum, length = 0, 0
    for part in parts:
        checksum, length = zlib.crc32(part.text, checksum), length + len(part.text)
    return b"".join([HEAD, *(part.packed for part in parts), LAST, pack("<II", checksum, length % 2**32)])
