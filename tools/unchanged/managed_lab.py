"""A lab whose experiments the page would show, and what a person does there, always after the same step."""

import time
from pathlib import Path
from typing import Any, Self

from experiments import SMALL, Settings
from recording import Recording, copied, lasting, nameless, without_seconds

from dfa_lab import Manager, Trainer, parse
from dfa_lab.feedback.changing import Change

PATIENCE = 300.0  # seconds for anything that is waited for


class Lab:
    """A manager and its store; used in a `with`."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.manager = Manager(folder, resume=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.manager.close()

    def begin(self, settings: Settings, **options: Any) -> str:
        """Start an experiment that waits before its first step; its id."""
        id = self.manager.start(parse({**SMALL, **settings}), paused=True, **options)
        self.wait(id, "paused")
        return id

    def wait(self, id: str, *states: str) -> Any:
        """The status of an experiment, once it is in one of these states. Raises RuntimeError where that does not come."""
        over = time.monotonic() + PATIENCE
        while (status := self.manager.status(id)) is None or status.state not in states:
            if status is None or status.state in ("failed", "stopped", "interrupted") or time.monotonic() > over:
                raise RuntimeError(f"it is not {' or '.join(states)}: {status}")
            time.sleep(0.005)
        return status

    def epoch(self, id: str) -> int:
        """Train a paused experiment to the end of its epoch, which is not the last; the steps that are done."""
        self.manager.epoch(id)
        self.wait(id, "paused")
        return self.manager.look(id, lambda trainer: trainer.step)

    def step(self, id: str, done: int) -> None:
        """Make one more step of a paused experiment, of which so many are done."""
        self.manager.step(id)
        while self.manager.look(id, lambda trainer: trainer.step) == done:
            time.sleep(0.005)

    def change(self, id: str, how: str, block: int, rule: str = "", unit: int = 0) -> None:
        """Change the feedback of a paused experiment; done when this returns."""
        self.manager.change_feedback(id, Change(how, block, rule, unit, 0))
        self.manager.look(id, lambda trainer: trainer.step, wait=PATIENCE)

    def finish(self, id: str) -> None:
        """Train a paused experiment to its end. Of its snapshots only the last one is left: the others lie where half a
        second was over, and a replay that begins at one of them may count the errors of its epoch otherwise (`wrong`)."""
        self.manager.resume(id)
        step, over = self.wait(id, "finished").step, time.monotonic() + PATIENCE
        snapshots = self.folder / "snapshots" / id
        while not (last := snapshots / f"{step:012d}.safetensors").is_file():
            if time.monotonic() > over:
                raise RuntimeError(f"there is no {last}")
            time.sleep(0.005)
        for file in set(snapshots.iterdir()) - {last}:
            file.unlink()

    def replayed(self, id: str, step: int) -> Trainer:
        """The trainer that a replay of an experiment has at a step. Raises RuntimeError where it is not the run's."""
        over = time.monotonic() + PATIENCE
        while not (replay := self.manager.replays.ask(id, step)).over or replay.state == "forgotten":
            if time.monotonic() > over:
                raise RuntimeError(f"it is not replayed: {replay}")
            time.sleep(0.005)
        if replay.trainer is None or not replay.exact:
            raise RuntimeError(f"the replay is not the run: {replay.sentence or replay.note}")
        return replay.trainer

    def told(self, id: str) -> dict[str, Any]:
        """Status, settings and events of an experiment, without ids and times."""
        status, stored = self.manager.status(id), self.manager.store.get(id)
        assert status is not None and stored is not None
        names = ("state", "sentence", "step", "steps", "epoch", "learning_rate", "failed", "layers")
        ids = [one.id for one in self.manager.store.experiments()]
        return {
            "status": lasting({name: getattr(status, name) for name in names}),
            "settings": lasting(stored.settings),
            "events": [[event.kind, nameless(event.text, ids)] for event in self.manager.store.events(id)],
            "all records are stored": self.manager.store.records(id) == self.manager.records(id),
        }

    def recording(self, id: str) -> Recording:
        """All of an experiment that has ended, with the tensors that a replay finds at its last step."""
        told = self.told(id)
        tensors, numbers = self.replayed(id, told["status"]["step"]).state()
        figures = {**told, "numbers": lasting(numbers)}
        return Recording(without_seconds(self.manager.records(id)), copied(tensors), figures)
