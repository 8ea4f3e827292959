"""Save a trainer between two steps, and continue it."""

from collections.abc import Mapping
from pathlib import Path

import torch

from dfa_lab.settings.experiment import SettingsError
from dfa_lab.settings.parsing import as_stored, parse
from dfa_lab.train.state_file import CheckpointError, read, write
from dfa_lab.train.trainer import Trainer

__all__ = ["CHANGEABLE", "CheckpointError", "load", "read", "save"]

DTYPES = {str(dtype): dtype for dtype in (torch.float32, torch.float64)}
CHANGEABLE = (  # what may be another after a continuation: it changes no weight but by how long it is trained
    *("epochs", "device", "device_number", "threads", "processes", "save"),
    *("datapath", "download", "incomplete", "preproc_folder", "models_folder", "probe_size", "measure_every", "measures"),
)


def save(trainer: Trainer, path: Path) -> None:
    """Write the state between two steps. The file is there whole or not at all. Raises OSError."""
    write(path, *trainer.state())


def load(path: Path, changes: Mapping[str, object] | None = None) -> Trainer:
    """A trainer that continues where the saved one was, with `changes` among the settings CHANGEABLE.

    Raises CheckpointError, and what Trainer raises.
    """
    tensors, numbers = read(path)
    try:
        experiment, dtype = parse({**as_stored(numbers["experiment"]), **(changes or {})}), DTYPES[numbers["dtype"]]
    except SettingsError as error:
        raise CheckpointError(f"{path.name} was saved with settings that cannot be used here: {error}") from error
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path.name} is no checkpoint of this lab, or it is cut short or damaged.") from error
    trainer = Trainer(experiment, dtype=dtype, restored=True)
    try:
        return trainer.restore(tensors, numbers)
    except CheckpointError as error:
        raise CheckpointError(f"{path.name} cannot be continued. {error}") from error
    except (LookupError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise CheckpointError(f"{path.name} is damaged: what it holds is not the state of the network it names.") from error
