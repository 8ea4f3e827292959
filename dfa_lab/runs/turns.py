"""Turns: how long each of those who share a thread may train in a round."""

from collections import Counter
from collections.abc import Iterator, Sequence

from dfa_lab.runs.live import Live
from dfa_lab.runs.weight import LONG

TURN = 0.03  # seconds that a visitor has in a round
ROUND = 0.3  # seconds of a round, about, however many visitors there are


class Turns:
    """Visitors have equal parts of a round, and so have the experiments of each. Whoever takes longer waits for some rounds."""

    def __init__(self) -> None:
        self._left: dict[str, float] = {}  # seconds, by the experiment's id; below 0: it has taken more than it had

    def begin(self, lives: Sequence[Live]) -> None:
        """A round of these begins."""
        self._left = {live.id: min(turn, self._left.get(live.id, 0.0) + turn) for live, turn in lengths(lives)}

    def has(self, live: Live) -> bool:
        """Whether it is still its turn."""
        return self._left[live.id] > 0

    def take(self, live: Live, seconds: float) -> None:
        """Count what an experiment has trained. What lasted longer than LONG was the machine's doing, or is its last part in
        this thread: it does not pay for that with silence.
        """
        self._left[live.id] = max(-LONG, self._left[live.id] - seconds)


def lengths(lives: Sequence[Live]) -> Iterator[tuple[Live, float]]:
    """(experiment, seconds that it has in a round)."""
    running = Counter(live.owner for live in lives if live.state == "running")
    each = min(TURN, ROUND / max(1, len(running)))
    for live in lives:
        yield live, each / max(1, running[live.owner]) if len(running) > 1 else min(TURN, ROUND / len(lives))
