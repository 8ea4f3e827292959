"""Starvation: whether a process that was killed was killed for want of memory."""

from contextlib import suppress

from dfa_lab.machine import memory

NEARLY = 0.05  # of all memory is free, or less: it was nearly used up
LATELY = 10  # looks that count: a process of many GB takes a while to end


class Starvation:
    """Look at the memory now and then while the process lives, and ask when it was killed."""

    def __init__(self) -> None:
        self._looks: list[tuple[int, float]] = []  # the oldest first: kills, and what share of the memory was free
        self.look()

    def look(self) -> None:
        """Note how things are now."""
        self._looks = [*self._looks[1 - LATELY :], (kills(), memory.free() / max(1, memory.available()))]

    def was(self) -> bool:
        """Whether the kernel has ended one here lately, or somebody else did where hardly any memory was free."""
        return kills() > self._looks[0][0] or min(free for _, free in self._looks) < NEARLY


def kills() -> int:
    """How many processes of this one's control group the kernel has ended for want of memory; 0 where nothing tells."""
    counted = [0]
    for folder, names in memory.own_groups():
        with suppress(OSError, ValueError):
            lines = (line.split() for line in (folder / names.kills).read_text().splitlines())
            counted += [int(words[1]) for words in lines if words[0] == "oom_kill"]
    return max(counted)
