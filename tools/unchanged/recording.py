"""What is kept of an experiment, and in which files: NAME.json and NAME.safetensors."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from safetensors.torch import load_file, save_file
from torch import Tensor


@dataclass
class Recording:
    """One experiment. A record is [run, metric, layer, value, step, epoch, samples]; `figures` is what JSON can hold."""

    records: list[list[Any]] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path, name: str) -> None:
        own = {key: tensor.detach().cpu().contiguous().clone() for key, tensor in self.tensors.items()}  # none shares memory
        save_file(own, folder / f"{name}.safetensors")
        text = json.dumps({"records": self.records, "figures": self.figures}, indent=0)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path, name: str) -> Self:
        kept = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        return cls(kept["records"], load_file(folder / f"{name}.safetensors"), kept["figures"])


def without_seconds(records: Sequence[Any]) -> list[list[Any]]:
    """Records as lists, without the last of their fields."""
    return [list(record[:-1]) for record in records]


def lasting(value: Any) -> Any:
    """JSON without what is another every time: seconds, and versions and device, which are told once for all."""
    if isinstance(value, dict):
        kept = {key: each for key, each in value.items() if key not in ("seconds", "versions", "device")}
        return {str(key): lasting(each) for key, each in kept.items()}
    return [lasting(each) for each in value] if isinstance(value, (list, tuple)) else value


def nameless(text: str, ids: Sequence[str]) -> str:
    """The text with a mark in the place of each id, which is drawn anew every time."""
    for id in ids:
        text = text.replace(id, "ID")
    return text


def copied(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors that stay as they are when their trainer goes on."""
    return {name: tensor.clone() for name, tensor in tensors.items()}


def together(**parts: Recording) -> Recording:
    """Several recordings as one. Names of tensors and figures begin with that of their part; of the records the runs are
    numbered on, a hundred for each part."""
    made = Recording()
    for number, (name, part) in enumerate(parts.items()):
        made.records += [[100 * number + run, *rest] for run, *rest in part.records]
        made.tensors |= {f"{name}: {key}": tensor for key, tensor in part.tensors.items()}
        made.figures[name] = part.figures
    return made
