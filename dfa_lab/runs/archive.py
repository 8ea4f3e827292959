"""Archive: what a server keeps on the disk of its experiments: records, checkpoints, snapshots, nets with a name."""

import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

from dfa_lab.runs.checkpoints import Checkpoints
from dfa_lab.runs.house_rules import HouseRules
from dfa_lab.runs.live import ACTIVE, ENDED, Live
from dfa_lab.runs.quota import EachOwner, Quota
from dfa_lab.runs.replay import history
from dfa_lab.runs.replay.snapshots import Snapshots
from dfa_lab.runs.shares import Shares
from dfa_lab.runs.store.store import Store
from dfa_lab.train import saved
from dfa_lab.train.trainer import Trainer

IMPORTING = "import.lock"  # held in the folder of runs while a zip is taken


class Archive:
    """`store`, `checkpoints` and `snapshots` of one folder, and the `quota` and the `rules` that they are kept by."""

    def __init__(self, folder: Path, quota: str = "", whose: Callable[[], str] = lambda: ""):
        """`quota`: a size, see quota.py. `whose`: the owner of what is begun in the thread that calls."""
        self.store = Store(folder)
        self.rules, self.shares = HouseRules(self.store), Shares(self.store)
        self.quota = Quota(self.store.folder, quota, EachOwner(self.shares, self.rules.now, whose))
        self.checkpoints = Checkpoints(self.store.folder / "checkpoints")
        self.snapshots = Snapshots(self.store.folder / "snapshots", self.quota.room, self.shares.owners)

    @property
    def problem(self) -> str:
        """Empty, or why runs are not being kept as they should be, for a person."""
        return self.store.problem or self.checkpoints.problem or self.snapshots.problem or self.quota.problem

    def tidy(self) -> None:
        """Remove what servers that were stopped or killed have left: demonstrations, and parts of files."""
        for stored in self.store.experiments():
            if stored.demo and stored.state in ENDED:
                self.store.delete(stored.id)
        for id in [] if self.store.problem else self.snapshots.ids():
            if (stored := self.store.get(id)) is None:
                self.snapshots.remove(id)
            elif stored.state not in ACTIVE:
                self.snapshots.tidy(id)
        for id in [] if self.store.problem else self.checkpoints.half_written():
            if (stored := self.store.get(id)) is None or stored.state not in ACTIVE:
                self.checkpoints.tidy(id)
        if not self.store.problem:
            self._tidy_imports()

    def _tidy_imports(self) -> None:
        """Remove what imports have left that were killed, unless one is under way, which another server may do."""
        lock = FileLock(self.store.folder / IMPORTING, timeout=0)
        try:
            with lock:
                for path in self.store.folder.glob("import-*"):
                    shutil.rmtree(path, ignore_errors=True)
                known = self.store.experiments(1)  # an empty store may have been put in the place of another
                for id in self.checkpoints.ids() if known else ():
                    if self.store.get(id) is None:
                        self.checkpoints.remove(id)
        except (Timeout, OSError):
            return

    def taken_elsewhere(self, id: str) -> bool:
        """Whether another live server, which keeps its runs in this folder, is busy with what was just made this one's."""
        now = self.store.get(id)
        return now is not None and not self.store.busy(now) and not self.store.problem

    def note_change(self, live: Live, text: str) -> None:
        """The last of the trainer's changes was made; `text` says it to people, where that was not done before."""
        if text:
            self.store.add_event(live.id, "knob", text)
        if trainer := live.trainer:
            self.store.add_event(live.id, history.CHANGE, history.text(trainer.changes[-1]))

    def snap(self, live: Live, trainer: Trainer) -> None:
        """Take a snapshot between two steps: a state on the way, for replays, or the last one."""
        self.snapshots.take(live.id, trainer, live.spacing, live.demo, trainer.done or live.state in ENDED)

    def save(self, live: Live) -> None:
        """Write a checkpoint, where they are kept, and the nets; in the worker's thread, or when that has ended."""
        # A checkpoint must not be ahead of the records in the store: those between would be missing after a kill.
        if (trainer := live.trainer) is not None and live.survives:
            live.checkpointed(trainer, self.store.flush(1.0) and self.checkpoints.save(live.id, trainer))
            if not live.survives:  # deleted or stopped meanwhile
                self.checkpoints.discard(live.id)

        self.save_nets(live)

    def save_nets(self, live: Live) -> None:
        """Write what the setting `save` asks for."""
        if (trainer := live.trainer) is not None and (name := live.experiment.save):
            self.checkpoints.write(saved.folder(name, self.store.folder) / saved.NET, trainer)

    def close(self) -> None:
        """Write what waits, and let go of the folder."""
        self.snapshots.close()
        self.store.close()
