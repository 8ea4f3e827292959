"""A trainer's state as one safetensors file: tensors, and the numbers as JSON in its metadata. No pickle."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

Tensors = dict[str, Tensor]


class CheckpointError(Exception):
    """A checkpoint that cannot be used; the text says why."""


def write(path: Path, tensors: Mapping[str, Tensor], numbers: Mapping[str, object]) -> None:
    """The file is there whole or not at all. Raises OSError."""
    part = path.with_suffix(".part")
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    save_file(contiguous, part, metadata={"dfa_lab": json.dumps(numbers)})
    part.replace(path)


def read(path: Path) -> tuple[Tensors, dict[str, Any]]:
    """(tensors, numbers) of a file. Raises CheckpointError."""
    try:
        with safe_open(path, framework="pt") as file:
            numbers = json.loads((file.metadata() or {})["dfa_lab"])
            if not isinstance(numbers["experiment"], dict) or "dtype" not in numbers:
                raise LookupError("experiment")
            return {name: file.get_tensor(name) for name in file.keys()}, numbers  # noqa: SIM118 (not a dict)
    except OSError as error:
        raise CheckpointError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    except (SafetensorError, LookupError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path.name} is no checkpoint of this lab, or it is cut short or damaged.") from error
