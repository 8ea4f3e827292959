"""What is free on a disk, looked at before something is written that need not be."""

import errno
import shutil
from pathlib import Path


class NoRoomError(OSError):
    """The disk is not full, but has less room than is wanted. Its text is a sentence: what is free, and what for."""


def human(count: int) -> str:
    """1.2 GB: units of a thousand, as disks are sold and most systems show them."""
    for power, unit in ((12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")):
        if count >= 10**power:
            return f"{count / 10**power:.1f} {unit}"
    return f"{count} bytes"


def require(folder: Path, size: int, what: str, reserve: int = 0) -> None:
    """Raises NoRoomError where `what`, of so many bytes, does not fit and leave `reserve` bytes to all else on the disk."""
    free = shutil.disk_usage(folder).free
    if free >= size + reserve:
        return
    left = f", and {human(reserve)} are left to all else" if reserve else ""
    sentence = f"The disk that holds {folder} has {human(free)} free; {what} takes {human(size)}{left}: free some space."
    raise NoRoomError(errno.ENOSPC, sentence)
