"""The latest weights and feedback that there are of an experiment: in memory, else its checkpoint, else its saved run."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from dfa_lab.export.layout import weights_name
from dfa_lab.runs.access import Gone
from dfa_lab.runs.checkpoints import Checkpoints
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train import saved, state_file
from dfa_lab.train.checkpoint import CheckpointError
from dfa_lab.train.run import below
from dfa_lab.train.trainer import Trainer

Tensors = dict[str, Tensor]
Look = Callable[[Callable[[Trainer], Any]], Any]  # Manager.look of one experiment
AT_ONCE = 2**25  # bytes of tensors that are copied in one look, so that the training waits for some hundredths of a second
NONE = "none: they are no longer in memory, and no checkpoint and no saved run was kept"
NETS = ("network.", "rule.")


@dataclass
class Weights:
    """`runs` holds (step, tensors) of every run, or nothing; `state` what a trainer can go on from."""

    source: str = NONE  # where they come from, for a person
    runs: list[tuple[int, Tensors]] | None = None
    state: tuple[Tensors, dict[str, Any]] | None = None


def latest(experiment: Experiment, id: str, checkpoints: Checkpoints, folder: Path, look: Look | None) -> Weights:
    """`folder`: that of the store; `look`: at the networks in memory, None where there are none."""
    if look is not None:
        try:
            return _in_memory(look, len(experiment.runs()))
        except Gone:
            pass
    if checkpoints.has(id):
        try:
            return _of_state("from its checkpoint", checkpoints.read(id, experiment))
        except CheckpointError:
            pass  # a damaged one is as good as none
    if experiment.save:
        try:
            state = state_file.read(saved.folder(experiment.save, folder) / saved.NET)
            mine = experiment.model_dump(mode="json")
            if all(mine.get(name) == value for name, value in state[1]["experiment"].items()):
                return _of_state(f"from the saved run {experiment.save}", state)
        except (CheckpointError, AttributeError):
            pass
    try:
        return Weights("from the zip that it was imported with", _beside(checkpoints.beside(id), experiment))
    except (OSError, SafetensorError, LookupError, ValueError, TypeError):
        return Weights()


def _beside(folder: Path, experiment: Experiment) -> list[tuple[int, Tensors]]:
    """What an import has kept. Raises OSError, SafetensorError, LookupError, ValueError or TypeError if there is nothing."""
    found = []
    for number, (rule, seed) in enumerate(experiment.runs()):
        with safe_open(folder / Path(weights_name(number, rule, seed)).name, framework="pt") as file:
            step = int(json.loads((file.metadata() or {})["dfa_lab"])["step"])
            found.append((step, {name: file.get_tensor(name) for name in file.keys()}))  # noqa: SIM118 (not a dict)
    return found


def _of_state(source: str, state: tuple[Tensors, dict[str, Any]]) -> Weights:
    tensors, numbers = state
    step = int(numbers["step"])
    count = len(numbers["experiment"]["rules"]) * len(numbers["experiment"]["seeds"])
    return Weights(f"{source}, after step {step}", [(step, _nets(below(f"{n}.", tensors))) for n in range(count)], state)


def _nets(tensors: Mapping[str, Tensor]) -> Tensors:
    return {name: tensor for name, tensor in tensors.items() if name.startswith(NETS)}


def _in_memory(look: Look, count: int) -> Weights:
    """Raises Gone. Large networks are copied run by run, each after a step of its own if it trains, and without a state."""

    def all_of_it(trainer: Trainer) -> tuple[Tensors, dict[str, Any]] | None:
        if not trainer.between_steps or 4 * sum(map(_bytes, (run.network for run in trainer.runs))) > AT_ONCE:
            return None
        tensors, numbers = trainer.state()
        copied = {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}
        return copied, json.loads(json.dumps(numbers))

    def one(trainer: Trainer, run: int) -> tuple[int, Tensors]:
        network, rule = trainer.runs[run].network.state_dict(), trainer.runs[run].rule.state_dict()
        found = {f"network.{name}": tensor for name, tensor in network.items()}
        found |= {f"rule.{name}": tensor for name, tensor in rule.items()}
        return trainer.step, {name: tensor.detach().cpu().clone() for name, tensor in found.items()}

    if (state := look(all_of_it)) is not None:
        return _of_state("from the networks in memory", state)
    runs = [look(lambda trainer, run=run: one(trainer, run)) for run in range(count)]
    return Weights("from the networks in memory, each after the step that its file names", runs)


def _bytes(network: Any) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in network.state_dict().values())


def as_file(tensors: Mapping[str, Tensor], numbers: Mapping[str, object]) -> bytes:
    """A safetensors file, with the numbers as JSON in its metadata, where state_file.py has them too."""
    return save(
        {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, metadata={"dfa_lab": json.dumps(numbers)}
    )
