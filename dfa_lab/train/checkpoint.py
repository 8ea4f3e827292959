"""A trainer's state in one safetensors file: tensors, and the numbers as JSON in its metadata. No pickle."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from dfa_lab.config import SettingsError
from dfa_lab.parsing import parse
from dfa_lab.train.trainer import Trainer

DTYPES = {str(dtype): dtype for dtype in (torch.float32, torch.float64)}


class CheckpointError(Exception):
    """A checkpoint that cannot be used; the text says why."""


def save(trainer: Trainer, path: Path) -> None:
    """Write the state between two steps. The file is there whole or not at all. Raises OSError."""
    tensors, numbers = trainer.state()
    part = path.with_suffix(".part")
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    save_file(contiguous, part, metadata={"dfa_lab": json.dumps(numbers)})
    part.replace(path)


def load(path: Path) -> Trainer:
    """A trainer that continues where the saved one was. Raises CheckpointError, and what Trainer raises."""
    try:
        with safe_open(path, framework="pt") as file:
            numbers = json.loads((file.metadata() or {})["dfa_lab"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        experiment, dtype = parse(numbers["experiment"]), DTYPES[numbers["dtype"]]
    except SettingsError as error:
        raise CheckpointError(f"{path.name} was saved with settings that cannot be used here: {error}") from error
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    except (SafetensorError, LookupError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path.name} is no checkpoint of this lab, or it is cut short or damaged.") from error
    trainer = Trainer(experiment, dtype=dtype)
    try:
        return trainer.restore(tensors, numbers)
    except (LookupError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise CheckpointError(f"{path.name} is damaged: what it holds is not the state of the network it names.") from error
