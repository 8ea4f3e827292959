"""How much memory there is, for those who refuse what could not be held."""

import os
from pathlib import Path

GROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")  # of a container


def available() -> int:
    """Bytes that this machine, or the container, has; where the system does not tell, as if there were plenty."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        there = 2**60
    try:
        return min(there, int(GROUP_LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or "max": no limit
        return there


def gib(size: int) -> str:
    """A number of bytes for a sentence."""
    return f"{size / 2**30:.0f} GiB"
