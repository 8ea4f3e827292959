"""Real servers stopped or killed at random moments, on one folder: what ran goes on, and no more is lost than is promised."""

import random
import re
import signal
import tempfile
import time
from contextlib import closing
from pathlib import Path

from dfa_lab.runs.manager import Manager
from tests.attacks.outcome import Outcome
from tests.attacks.visitor import Visitor, serving
from tests.runs.patience import until

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
LINKS = (
    "epochs=100000&num_hidden=20&rules=dfa&measure_every=500",
    "epochs=100000&num_hidden=300&rules=bp,fa,dfa&batch_size=64&measure_every=200",
    "epochs=100000&dataset=moons&rules=dfa&seeds=0,1&optimizer=adam&measure_every=500",
)
TRAINING, RECORDS = 20.0, 1.0  # seconds that a kill may cost
SLACK = 0.5  # seconds between what happens and what this process hears of it
LONGEST = 4.0  # seconds until the signal, at most


class Watched:
    """What a visitor has seen of one experiment: moments, numbers of records, steps."""

    def __init__(self, id: str):
        self.id = id
        self.seen: list[tuple[float, int, int]] = []
        self._have = self._list = 0

    def look(self, visitor: Visitor) -> None:
        """Ask as its chart does."""
        told = visitor.news(self.id, self._have, self._list)
        if told["list"] != self._list:
            self._have, self._list = 0, told["list"]
        for part in told["records"]:
            self._have = part["from"] + len(part["step"])
        self.seen.append((time.monotonic(), self._have, told["status"]["step"]))

    def before(self, moment: float) -> tuple[int, int]:
        """The most records and steps that were seen before this moment."""
        found = [(records, step) for when, records, step in self.seen if when < moment]
        return (max(records for records, _ in found), max(step for _, step in found)) if found else (0, 0)


def attack(count: int, seed: int) -> Outcome:
    """Stop or kill so many servers."""
    outcome = Outcome("kills", count)
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder, kept = Path(name), {}
        for number in range(count):
            what = SIGNALS[number % 3] if number < 3 else chance.choice(SIGNALS)
            about = f"number {number}, {signal.Signals(what).name}"
            began = time.time()
            with serving(folder, DFA_LAB_DATA=str(folder)) as lab:
                visitor = Visitor(lab.host)
                try:
                    _all_go_on(visitor, kept)
                except AssertionError as error:
                    outcome.fault(f"{about}: {error}, {[visitor.live(id)['status'] for id in kept]}")
                    break
                if len(kept) < len(LINKS):
                    kept[begun(visitor, LINKS[len(kept)])] = 0
                for id in kept:
                    _wait_for_checkpoint(folder / "runs" / "checkpoints" / f"{id}.safetensors", began)
                watched = [Watched(id) for id in kept]
                over = time.monotonic() + chance.uniform(0, LONGEST)
                while not all(one.seen for one in watched) or time.monotonic() < over:
                    for one in watched:
                        one.look(visitor)
                killed = time.monotonic()
                status = lab.end(what)
                if status != (-what if what == signal.SIGKILL else 0):
                    outcome.fault(f"{about}: exit status {status}")
                if "Traceback" in lab.said():
                    outcome.fault(f"{about}: a traceback, {lab.said()[-2000:]}")
            outcome.counted[signal.Signals(what).name] += 1
            kept = _compared(folder, watched, killed, what == signal.SIGKILL, about, outcome)
    return outcome


def begun(visitor: Visitor, link: str) -> str:
    """Press Start on the page of a link; the experiment's id."""
    shown = visitor.open(link)
    visitor.press(shown.button("Start"))
    (id,) = re.findall(r"experiment=(\w+)", visitor.query)
    return id


def _all_go_on(visitor: Visitor, kept: dict[str, int]) -> None:
    for id, step in kept.items():
        until(lambda id=id, step=step: _goes_on(visitor, id, step), f"{id} goes on beyond {step}")


def _wait_for_checkpoint(file: Path, began: float) -> None:
    """One of this server: it begins at once after, and what was taken up twice at one step does not go on by itself."""
    until(lambda: file.is_file() and file.stat().st_mtime > began, f"{file.name} is written")


def _goes_on(visitor: Visitor, id: str, step: int) -> bool:
    status = visitor.news(id, 10**9, 0)["status"]
    return status["state"] == "running" and status["step"] > step


def _compared(folder: Path, watched: list[Watched], killed: float, hard: bool, about: str, outcome: Outcome) -> dict[str, int]:
    """What the folder holds against what was seen: the step from which each experiment will go on."""
    kept = {}
    with closing(Manager(folder / "runs", resume=False)) as manager:
        if manager.problem:
            outcome.fault(f"{about}: {manager.problem}")
        for one in watched:
            stored = manager.store.get(one.id)
            if stored is None or stored.experiment is None or stored.state != "interrupted":
                outcome.fault(f"{about}: {one.id} is {stored and stored.state}")
                continue
            step = manager.checkpoints.step(one.id, stored.experiment)
            records, _ = one.before(killed - RECORDS - SLACK if hard else killed)
            _, steps = one.before(killed - TRAINING - SLACK if hard else killed)
            if manager.store.count(one.id) < records:
                outcome.fault(f"{about}: {manager.store.count(one.id)} records of {records}")
            if step < steps:
                outcome.fault(f"{about}: goes on from step {step}, {steps} were done")
            kept[one.id] = step
    return kept
