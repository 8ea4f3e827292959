"""How much memory there is, for those who refuse what could not be held."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple


class Names(NamedTuple):
    """The files of a control group."""

    limit: str
    used: str
    cached: str  # in memory.stat: what of that is cache
    kills: str  # in which oom_kill is counted


V2, V1 = Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/memory")
NAMES = {
    V2: Names("memory.max", "memory.current", "inactive_file", "memory.events"),
    V1: Names("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "memory.oom_control"),
}
OWN = Path("/proc/self/cgroup")


def available() -> int:
    """Bytes that this machine, or the container, has; where the system does not tell, as if there were plenty."""
    try:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        there = 2**60
    for folder, names in _groups():
        with suppress(OSError, ValueError):  # no container, or "max": no limit
            there = min(there, int((folder / names.limit).read_text()))
    return there


def free() -> int:
    """Bytes that could be used now: what the system says is available, and what a container has left of its limit."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        there = int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, LookupError):  # not Linux
        there = available()
    return max(0, min(there, *_left_of_limits(), available()))


def own_groups() -> list[tuple[Path, Names]]:
    """The control groups of this process, of version 2 and 1; where a container shows no more than its own, that one."""
    told = {}
    with suppress(OSError):
        for line in OWN.read_text().splitlines():
            _, controllers, place = line.split(":", 2)
            if not controllers or "memory" in controllers.split(","):
                told[V1 if controllers else V2] = "" if ".." in place else place.strip("/")
    inside = {root: root / told.get(root, "") for root in NAMES}
    return [(folder if folder.is_dir() else root, NAMES[root]) for root, folder in inside.items()]


def _groups() -> Iterator[tuple[Path, Names]]:
    """The same, and those around them: a limit of any of them holds."""
    for folder, names in own_groups():
        yield from ((one, names) for one in (folder, *folder.parents) if one.is_relative_to(V2))


def _left_of_limits() -> list[int]:
    """What control groups leave this process, or a container; page cache that could be given back counts as left."""
    left = []
    for folder, names in _groups():
        try:
            statistics = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
            limit, used = (int((folder / name).read_text()) for name in (names.limit, names.used))
            left.append(limit - used + int(statistics.get(names.cached, 0)))
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
