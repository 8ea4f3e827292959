"""A trainer's state in one safetensors file: tensors, and the numbers as JSON in its metadata. No pickle."""

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from dfa_lab.config import Experiment, SettingsError, parse
from dfa_lab.train.trainer import Trainer


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
        experiment: Experiment = parse(numbers["experiment"])
        return Trainer(experiment).restore(tensors, numbers)
    except (OSError, SafetensorError, KeyError, ValueError, RuntimeError) as error:
        if isinstance(error, SettingsError):
            raise
        raise CheckpointError(f"{path.name} is not a checkpoint of this lab, or is damaged ({error}).") from error
