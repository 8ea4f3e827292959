"""Random images as a resident data set."""

import torch

from dfa_lab.data import DataSet, Facts

TEST = 64  # as none is tested on


def random_data(shape: tuple[int, ...], device: str = "cpu", train: int = 60_000) -> DataSet:
    """Ten classes and, where nothing else is said, as many samples as MNIST has; inputs (N, *shape), bytes."""
    stream = torch.Generator().manual_seed(0)
    x = torch.randint(256, (train + TEST, *shape), generator=stream, dtype=torch.uint8).to(device)
    y = torch.randint(10, (train + TEST,), generator=stream).to(device)
    offset, scale = (torch.tensor(value, device=device) for value in (0.0, 1 / 255))
    facts = Facts("Random", shape, 10, train, TEST)
    return DataSet(facts, tuple(map(str, range(10))), x[:train], y[:train], x[train:], y[train:], offset, scale)
