"""What a lab holds at rest, cycle after cycle of one life: flat memory, no descriptors or threads that stay."""

from collections.abc import Sequence
from statistics import median

from lab_process import Held

# the rest of a life by which all is imported, every cache has something, and the C library's heaps are as large as needed
WARM = 4
ENOUGH = WARM + 3  # rests of a life that can be judged
FLAT = 0.05  # share of the memory
FILES, THREADS = 3, 2  # that more may be there: what is open just now


class Rests:
    """The rests of all lives."""

    def __init__(self) -> None:
        self._lives: list[list[Held]] = []

    def begin(self) -> None:
        """Begin a life."""
        self._lives.append([])

    def note(self, held: Held) -> None:
        """Add a rest of the present life."""
        self._lives[-1].append(held)

    def faults(self) -> list[str]:
        """What grows, one sentence each."""
        return [f"life {number}: {fault}" for number, life in enumerate(self._lives, 1) for fault in grows(life)]

    def rows(self) -> dict[str, str]:
        """Lines of the table."""
        long = [life for life in self._lives if len(life) >= ENOUGH]
        grown = ", ".join(f"{100 * growth(life):+.1f} %" for life in long) + f" ({100 * FLAT:.0f} % is allowed)" * bool(long)
        return {
            "MB at the rests": self._each(lambda one: f"{one.memory:.0f}"),
            f"memory from rest {WARM} on, of lives with {ENOUGH} rests and more": grown or "no life was that long",
            "descriptors at the rests": self._each(lambda one: str(one.files)),
            "threads at the rests": self._each(lambda one: str(one.threads)),
        }

    def _each(self, written) -> str:
        return "; ".join(" ".join(map(written, life)) for life in self._lives if life)


def growth(life: Sequence[Held]) -> float:
    """The share by which the memory of the last rests is above that of the first after WARM."""
    first, last = _first_and_last(life)
    return median(one.memory for one in last) / median(one.memory for one in first) - 1


def grows(life: Sequence[Held]) -> list[str]:
    """What grows in a life, one sentence each; nothing in one that is too short to be judged."""
    if len(life) < ENOUGH:
        return []
    first, last = _first_and_last(life)
    found = []
    if (grown := growth(life)) > FLAT:
        found.append(f"memory grows by {100 * grown:.1f} % from {life[WARM - 1].memory:.0f} MB")
    for what, most in (("files", FILES), ("threads", THREADS)):
        before, after = (min(getattr(one, what) for one in several) for several in (first, last))
        if after > before + most:
            found.append(f"{what} at rest grow from {before} to {after}")
    return found


def _first_and_last(life: Sequence[Held]) -> tuple[Sequence[Held], Sequence[Held]]:
    rests = life[WARM - 1 :]
    some = max(2, len(rests) // 3)  # single rests differ by 3 % and more
    return rests[:some], rests[-some:]
