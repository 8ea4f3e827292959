"""Admission: places and memory are promised here before they are used. What has none waits, in turn by visitor.

An experiment holds a place from its loading to its end, running or paused. Memory is what its networks and activities take at
most (train/preflight.py), held against what is free and has not been promised to others, here and on each GPU.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import prod

import torch

from dfa_lab import data
from dfa_lab.machine import gpu_memory, memory
from dfa_lab.machine.device import resolve
from dfa_lab.machine.disk_room import human
from dfa_lab.runs.limits import FULL, OWN_FULL, TOO_MANY_WAIT, Limits
from dfa_lab.runs.live import ACTIVE, Live
from dfa_lab.runs.lives import Lives
from dfa_lab.runs.promises import Promises
from dfa_lab.runs.replay import snapshots
from dfa_lab.settings.experiment import Experiment, SettingsError
from dfa_lab.train.preflight import needed

STATE = 0.5  # of what networks take, at most, is the state that a snapshot copies (0.43 to 0.48 measured)
ASIDE = 300.0  # seconds that nobody has touched a paused experiment, before it gives up its place to one that waits
STOP = "Stop one on the page Experiments"
NOT_YOURS = "None of them is yours: wait until one ends"
NEVER = "It cannot begin, since it takes up to {} of the memory of {}, which has {}: take fewer or smaller networks."
SET_ASIDE = "It was paused for long while others waited for its place: its state is kept, and Train on goes on from there."


class Admission:
    """Call every method with the lock of the lives held."""

    def __init__(self, lives: Lives, limits: Callable[[], Limits], promises: Promises):
        """`limits`: those that hold at the moment. `promises`: what else is promised memory."""
        self._lives, self._limits, self._promises = lives, limits, promises
        promises.to_experiments = self._promised

    def why_not(self, live: Live) -> str:
        """Empty where it may begin now; else why it has to wait, as the middle of a sentence."""
        return "" if live.demo else self._no_place(live) or self._no_memory(live)

    def _no_place(self, live: Live) -> str:
        held, limits = [one for one in self._lives.all() if _holds(one) and one is not live], self._limits()
        if live.owner and sum(one.owner == live.owner for one in held) >= limits.running:
            return OWN_FULL.format(limits.running)
        if len(held) >= limits.places:
            return FULL.format(limits.places)
        return ""

    def _no_memory(self, live: Live) -> str:
        wanted = taken_by(live.experiment)
        if wanted > memory.available():
            return ""  # this machine can never hold it, as its loading says
        gpu = gpu_of(live.experiment)
        return self._promises.why_not(wanted, gpu, taken_on_gpu(live.experiment) if gpu else 0)

    def enter(self, live: Live, *, may_wait: bool) -> None:
        """Let an experiment in, to begin at once or, where it may, to wait. Raises SettingsError, with a sentence."""
        gpu = None if live.demo else gpu_of(live.experiment)
        if gpu and (wanted := taken_on_gpu(live.experiment)) > (there := gpu_memory.total(gpu)):
            raise SettingsError([NEVER.format(human(wanted), gpu, human(there))])
        why = self.why_not(live)
        if not why:
            return
        others = [one for one in self._lives.all() if _holds(one)]
        if not may_wait or not others:
            instead = f"{self._instead(live)}, then try again" if others else "Take fewer or smaller networks, or free some"
            raise SettingsError([f"It cannot begin now, since {why}. {instead}."])
        most = self._limits().waiting
        if live.owner and sum(one.owner == live.owner for one in self.waiting()) >= most:
            raise SettingsError([TOO_MANY_WAIT.format(most)])
        live.state = "queued"

    def waiting(self) -> list[Live]:
        """What waits, in the order of the turns: whoever holds fewest places comes first, each with the oldest."""
        places = Counter(one.owner for one in self._lives.all() if _holds(one))
        order = []
        for live in self._lives.all():
            if live.state == "queued":
                order.append((places[live.owner], len(order), live))
                places[live.owner] += 1
        return [live for _, _, live in sorted(order, key=lambda one: one[:2])]

    def sentence(self, live: Live) -> str:
        """What is said of one that waits: its place, how long about, and why."""
        waiting = self.waiting()
        if live not in waiting:
            return ""
        lives, why = self._lives.all(), self.why_not(live)
        if why and not self._no_place(live):  # memory, which whoever uses another device does not take
            same = gpu_of(live.experiment)
            waiting, lives = ([one for one in them if gpu_of(one.experiment) == same] for them in (waiting, lives))
        place = waiting.index(live)
        said = f"{_ordinal(place + 1)} in the queue{_about(lives, place)}"
        return f"{said}: {why}. {self._instead(live)}, and the next one begins." if why else f"{said}."

    def _promised(self, gpu: torch.device | None) -> int:
        """Bytes of this computer's memory, or of a GPU's, that experiments have not taken yet and will.

        What has taken its memory is free no more, and those that wait have no promise.
        """
        begin = [one.experiment for one in self._lives.all() if _holds(one) and _grows(one)]
        return sum(taken_on_gpu(one) for one in begin if gpu_of(one) == gpu) if gpu else sum(map(taken_by, begin))

    def _instead(self, live: Live) -> str:
        """What its owner can do about the lack of a place or of memory."""
        theirs = not live.owner or any(one.owner == live.owner for one in self._lives.all() if _holds(one))
        return STOP if theirs else NOT_YOURS

    def to_set_aside(self) -> Live | None:
        """The paused experiment that nobody has touched for longest, if somebody waits for a place and that is long."""
        if not any(self.why_not(live) for live in self.waiting()):
            return None
        left = [one for one in self._lives.all() if one.state == "paused" and _holds(one) and _untouched(one) > ASIDE]
        return max(left, key=_untouched, default=None)


def taken_by(experiment: Experiment) -> int:
    """Bytes of this computer's memory that its networks take at most, in training and in a replay.

    With the copy for a snapshot; a GPU's own is not counted.
    """
    return _needed(experiment.model_dump_json())[0]


def taken_on_gpu(experiment: Experiment) -> int:
    """Bytes of its GPU's memory that its networks and data take at most; 0 where it is trained on the CPU."""
    return _needed(experiment.model_dump_json())[1]


def gpu_of(experiment: Experiment) -> torch.device | None:
    """The NVIDIA GPU that it is trained on, if it is on one."""
    device = resolve(experiment.device, experiment.device_number)
    return device if device.type == "cuda" else None


def _holds(live: Live) -> bool:
    return live.state in ACTIVE and live.state != "queued" and not live.demo


def _grows(live: Live) -> bool:
    """Whether it has not taken all of its memory yet: what it has taken is free no more."""
    return live.trainer is None or live.trainer.step < 2


def _untouched(live: Live) -> float:
    """Seconds for which it has been paused."""
    return time.monotonic() - live.touched


@lru_cache(256)  # asked for at every look at the queue
def _needed(settings: str) -> tuple[int, int]:
    """(of this computer, of its NVIDIA GPU), in bytes."""
    experiment = Experiment.model_validate_json(settings)
    try:
        facts = data.facts_of(experiment)
        size = needed(experiment, facts)
    except SettingsError:  # which loading it says to whoever began it
        return 0, 0
    here = resolve(experiment.device, experiment.device_number).type == "cpu"
    copy = min(round(STATE * size), snapshots.BYTES)
    samples = 4 * (facts.train + facts.test) * prod(facts.shape)  # which lie on the GPU beside the networks
    return (size if here else 0) + copy, size + samples if gpu_of(experiment) else 0


def _about(lives: Sequence[Live], place: int) -> str:
    """How long the turn of this place takes to come, as far as those that run let one tell."""
    left = sorted(left for one in lives if one.state == "running" and not one.demo and (left := one.status().left) is not None)
    if place >= len(left):
        return ""
    seconds = left[place]
    return f", about {seconds:.0f} s" if seconds < 90 else f", about {seconds / 60:.0f} min"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
