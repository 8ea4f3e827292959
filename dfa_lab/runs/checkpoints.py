"""Checkpoints: where experiments that are to be kept can be taken up again, one file each, beside the store."""

import json
import logging
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from dfa_lab.runs.store.database import explain
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train import checkpoint, state_file
from dfa_lab.train.checkpoint import CheckpointError
from dfa_lab.train.state_file import Tensors
from dfa_lab.train.trainer import Trainer

log = logging.getLogger(__name__)


class Checkpoints:
    """`problem` is empty, or why none can be written now, for a person."""

    def __init__(self, folder: Path):
        """`folder` is made when the first is written."""
        self.problem = ""
        self.folder = folder

    def save(self, id: str, trainer: Trainer) -> bool:
        """Write the state of a trainer that is between steps in place of the one before.

        False, and why in `problem`, if that cannot be; the one before then stays.
        """
        return self.write(self._path(id), trainer)

    def write(self, path: Path, trainer: Trainer) -> bool:
        """Write the state of a trainer that is between steps to this file; False, and why in `problem`, if that cannot be."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            checkpoint.save(trainer, path)
        except Exception as error:  # whatever it is, the thread that trains goes on
            problem = (
                f"Checkpoints cannot be written: {why(error, path)} Training goes on, but after a restart "
                "of the server it would go on from an earlier epoch."
            )
            if problem != self.problem:
                log.warning("%s", problem, exc_info=not isinstance(error, (OSError, SafetensorError)))
            self.problem = problem
            with suppress(OSError):
                path.with_suffix(".part").unlink(missing_ok=True)
            return False
        self.problem = ""
        return True

    def step(self, id: str, experiment: Experiment) -> int:
        """The step that the checkpoint of this experiment was written after. Only the head of the file is read.

        Raises CheckpointError, with a sentence, if there is none, or one that cannot be read or is of other settings.
        """
        path = self._path(id)
        if not path.is_file():
            raise CheckpointError("There is no checkpoint to go on from: start it again from the beginning.")
        try:
            with safe_open(path, framework="pt") as file:
                numbers = json.loads((file.metadata() or {})["dfa_lab"])
            settings, step = dict(numbers["experiment"]), int(numbers["step"])
        except OSError as error:
            raise CheckpointError(f"{path.name} cannot be read: {error.strerror or error}.") from error
        except (SafetensorError, LookupError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise CheckpointError(f"{path.name} is no checkpoint of this lab, or it is cut short or damaged.") from error
        mine = experiment.model_dump(mode="json")
        if any(name not in mine or mine[name] != value for name, value in settings.items()):  # new settings may have come
            raise CheckpointError(f"{path.name} was written with other settings than the experiment has.")
        return step

    def load(self, id: str) -> Trainer:
        """A trainer that goes on where the experiment was. Raises CheckpointError, and what Trainer raises."""
        return checkpoint.load(self._path(id))

    def has(self, id: str) -> bool:
        """Whether there is a file; it may be damaged."""
        return self._path(id).is_file()

    def read(self, id: str, experiment: Experiment) -> tuple[Tensors, dict[str, Any]]:
        """(tensors, numbers) of the checkpoint, without a trainer. Raises CheckpointError, with a sentence."""
        self.step(id, experiment)
        return state_file.read(self._path(id))

    def adopt(self, id: str, tensors: Mapping[str, Tensor], numbers: Mapping[str, object]) -> None:
        """Write a checkpoint that came from elsewhere. Raises OSError or SafetensorError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        state_file.write(self._path(id), tensors, numbers)

    def beside(self, id: str) -> Path:
        """The folder for weights of the experiment that are no checkpoint; it need not exist."""
        return self.folder / id

    def remove(self, id: str) -> None:
        """Remove the checkpoint and what lies beside it; nothing happens if there is none, or if it cannot be removed."""
        self.discard(id)
        shutil.rmtree(self.beside(id), ignore_errors=True)

    def discard(self, id: str) -> None:
        """Remove the checkpoint alone; nothing happens if there is none, or if it cannot be removed."""
        with suppress(OSError):
            self._path(id).unlink(missing_ok=True)

    def ids(self) -> list[str]:
        """Experiments of which there is a checkpoint, or weights beside."""
        return sorted({path.stem for path in self.folder.glob("*") if path.is_dir() or path.suffix == ".safetensors"})

    def half_written(self) -> list[str]:
        """Experiments of which there is a part of a checkpoint: one is being written, or a kill has left it."""
        return [path.stem for path in self.folder.glob("*.part")]

    def tidy(self, id: str) -> None:
        """Remove the part of a checkpoint that a kill has left; only of an experiment that no server is busy with."""
        with suppress(OSError):
            self._path(id).with_suffix(".part").unlink(missing_ok=True)

    def _path(self, id: str) -> Path:
        return self.folder / f"{id}.safetensors"


def why(error: Exception, path: Path) -> str:
    """What went wrong with the file, as one sentence for a person.

    safetensors wraps what the system says in an error of its own: "I/O error: … (os error 28)".
    """
    if isinstance(error, OSError):
        return explain(error, path)
    for number in (28, 122, 13, 30, 24, 23):  # ENOSPC, EDQUOT, EACCES, EROFS, EMFILE, ENFILE
        if f"os error {number})" in str(error):
            return explain(OSError(number, str(error)), path)
    return f"{path} cannot be used ({error})."
