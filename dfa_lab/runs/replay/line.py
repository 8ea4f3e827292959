"""The line of replays: one at a time on each device, in turn by visitor, so that links do not slow what is being trained."""

import threading
from collections import Counter, deque
from dataclasses import dataclass

from dfa_lab.runs.replay.replaying import Replay

EACH = 2  # replays of one visitor that train or wait
MOST = 16  # of all visitors
REMEMBERED = 64  # turns
SOME = 10.0  # seconds that a replay takes of which nothing is known
OWN_FULL = (
    f"{EACH} past steps are being replayed for you already, as many as one visitor may have at a time: "
    "look at one of them, or try again in about {:.0f} s."
)
FULL = f"{MOST} past steps are being replayed already, as many as this server takes on: try again in about {{:.0f}} s."


@dataclass(frozen=True)
class _Place:
    replay: Replay
    device: str
    visitor: str


class Line:
    """Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Place] = []  # who came first is first
        self._training: list[_Place] = []
        self._served: deque[str] = deque(maxlen=REMEMBERED)  # visitors, by their turns

    def join(self, replay: Replay, device: str, visitor: str) -> None:
        """Wait for a turn on this device, for whoever asked first."""
        with self._lock:
            self._waiting.append(_Place(replay, device, visitor))

    def begins(self, replay: Replay) -> bool:
        """Whether its turn has come, which is then its own until it leaves; else `replay.ahead` says how many come before."""
        with self._lock:
            order = self._order()
            place = next(one for one in order if one.replay is replay)
            before = [one for one in order[: order.index(place)] if one.device == place.device]
            others = [one for one in before if not one.replay.waits]  # for memory, which may take long
            replay.ahead = len(others) + sum(one.device == place.device for one in self._training)
            if replay.ahead:
                return False
            self._waiting.remove(place)
            self._training.append(place)
            self._served.append(place.visitor)
            return True

    def leave(self, replay: Replay) -> None:
        """Let the next one have its turn."""
        with self._lock:
            self._waiting = [one for one in self._waiting if one.replay is not replay]
            self._training = [one for one in self._training if one.replay is not replay]

    def _order(self) -> list[_Place]:
        """The order of the turns: whoever has fewest before them comes first, then whose last turn is longest ago."""
        places = Counter(one.visitor for one in self._training)
        last = {visitor: turn for turn, visitor in enumerate(self._served)}
        order = []
        for number, one in enumerate(self._waiting):
            order.append((places[one.visitor], last.get(one.visitor, -1), number, one))
            places[one.visitor] += 1
        return [one for *_, one in sorted(order, key=lambda one: one[:3])]


def seconds_until_one_is_over(replays: list[Replay]) -> float:
    """About how long the first of these takes yet."""
    return max(1.0, min((one.left or SOME for one in replays), default=SOME))
