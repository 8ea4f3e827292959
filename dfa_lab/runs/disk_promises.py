"""Disk promises: what runs or waits is promised room for its checkpoints when it is let in; none is lost for want of it."""

from functools import lru_cache
from pathlib import Path

from dfa_lab import data
from dfa_lab.runs.disk_space import size
from dfa_lab.runs.live import ACTIVE, Live
from dfa_lab.runs.lives import Lives
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.state_size import state_size


class DiskPromises:
    """Every method may be called from any thread."""

    def __init__(self, lives: Lives, checkpoints: Path):
        """`checkpoints`: their folder."""
        self._lives, self._folder = lives, checkpoints

    def wanted(self, live: Live) -> int:
        """Bytes that its checkpoints will add to the folder at most; nothing for the demonstration, which has none."""
        if live.demo:
            return 0
        files = [self._folder / f"{live.id}.safetensors", self._folder / f"{live.id}.part"]
        return max(0, _needed(live.experiment.model_dump_json()) - sum(map(size, files)))

    def left(self, owner: str | None = None) -> int:
        """Bytes that are promised and not written yet, to the experiments of one owner, or of everybody."""
        theirs = [one for one in self._lives.all() if one.state in ACTIVE and owner in (None, one.owner)]
        return sum(map(self.wanted, theirs))


@lru_cache(256)  # asked for whenever somebody looks at what the folder may take
def _needed(settings: str) -> int:
    """A checkpoint is written beside the one before and then takes its place; `save` asks for one more."""
    experiment = Experiment.model_validate_json(settings)
    try:
        return (3 if experiment.save else 2) * state_size(experiment, data.facts_of(experiment))
    except Exception:  # of a network file, any: loading it says to whoever began it what is wrong
        return 0
