"""A data set of a few random samples, so that epochs are short and odd-sized."""

import torch

from dfa_lab.data import DataSet, Facts
from dfa_lab.records import Record
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import parse
from dfa_lab.train.trainer import Trainer


def small_set(train: int = 50, test: int = 23, shape: tuple[int, ...] = (6,), classes: int = 3) -> DataSet:
    stream = torch.Generator().manual_seed(5)
    x = torch.randn(train + test, *shape, generator=stream)
    y = torch.randint(classes, (train + test,), generator=stream)
    nothing, one = torch.zeros(()), torch.ones(())
    facts = Facts("Small", shape, classes, train, test)
    names = tuple(map(str, range(classes)))
    return DataSet(facts, names, x[:train], y[:train], x[train:], y[train:], nothing, one)


def small(**settings: object) -> Experiment:
    defaults = {"num_hidden": 8, "batch_size": 8, "epochs": 3, "probe_size": 16, "device": "cpu", "rules": "bp,fa,dfa,shallow"}
    return parse(defaults | settings)


def continued(trainer: Trainer, by_hand: bool = True) -> Trainer:
    """Another trainer, on `small_set()`, in the state of this one."""
    tensors, numbers = trainer.state()
    kept = {name: tensor.clone() for name, tensor in tensors.items()}
    return Trainer(trainer.experiment, small_set(), trainer.dtype, by_hand=by_hand).restore(kept, numbers)


def plain(records: list[Record]) -> list[Record]:
    """Without the time, which no run repeats."""
    return [record._replace(seconds=0.0) for record in records]
