"""How much memory there is, for those who refuse what could not be held."""

import os
from contextlib import suppress
from pathlib import Path

V2, V1 = Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/memory")
GROUPS = (  # limit, usage, and what of it is cache, in memory.stat
    (V2 / "memory.max", V2 / "memory.current", "inactive_file"),
    (V1 / "memory.limit_in_bytes", V1 / "memory.usage_in_bytes", "total_inactive_file"),
)


def available() -> int:
    """Bytes that this machine, or the container, has; where the system does not tell, as if there were plenty."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        there = 2**60
    for limit, *_ in GROUPS:
        with suppress(OSError, ValueError):  # no container, or "max": no limit
            there = min(there, int(limit.read_text()))
    return there


def free() -> int:
    """Bytes that could be used now: what the system says is available, and what a container has left of its limit."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        there = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, LookupError):  # not Linux
        there = available()
    return max(0, min(there, *_left_of_limits(), available()))


def _left_of_limits() -> list[int]:
    """What control groups, of version 2 or 1, leave a container; page cache that could be given back counts as left."""
    left = []
    for limit, used, cached in GROUPS:
        try:
            statistics = dict(line.split() for line in (used.parent / "memory.stat").read_text().splitlines())
            left.append(int(limit.read_text()) - int(used.read_text()) + int(statistics.get(cached, 0)))
        except (OSError, ValueError):
            continue
    return left


def holds(folder: str) -> bool:
    """Whether the files of a folder are kept in memory."""
    try:
        mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    except (OSError, IndexError):  # not Linux
        return False
    inside = [(len(place), kind) for place, kind in mounts if Path(folder).resolve().is_relative_to(place)]
    return max(inside, default=(0, ""))[1] in ("tmpfs", "ramfs")


def gib(size: int) -> str:
    """A number of bytes for a sentence."""
    return f"{size / 2**30:.0f} GiB"
