"""What a network answers, and what its hidden units do, everywhere in a plane of inputs."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dfa_lab.inspect.forward import undisturbed
from dfa_lab.networks import Network

MARGIN = 0.08  # of the points' extent, on every side


@dataclass(frozen=True)
class Plane:
    """A window on the plane of a data set's points."""

    left: float
    right: float
    bottom: float
    top: float

    def grid(self, side: int) -> Tensor:
        """(side², 2) centres of square pixels, row by row from the top left, as pictures are drawn."""
        across = self.left + (torch.arange(side) + 0.5) / side * (self.right - self.left)
        down = self.top - (torch.arange(side) + 0.5) / side * (self.top - self.bottom)
        return torch.stack([across.repeat(side), down.repeat_interleave(side)], dim=1)

    def places(self, points: np.ndarray) -> np.ndarray:
        """(N, 2) points as parts of the window's width from the left and of its height from the top."""
        across = (points[:, 0] - self.left) / (self.right - self.left)
        down = (self.top - points[:, 1]) / (self.top - self.bottom)
        return np.stack([across, down], axis=1)


def around(points: np.ndarray) -> Plane:
    """The smallest square window, with a margin, on points (N, 2)."""
    low, high = points.min(0), points.max(0)
    half = float((high - low).max()) * (0.5 + MARGIN) or 1.0
    x, y = (low + high) / 2
    return Plane(float(x) - half, float(x) + half, float(y) - half, float(y) + half)


def decided(p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The class of each sample (N,) by probabilities (N, C), and how sure it is (N,), from 0, as likely as chance, to 1."""
    chance = 1 / p.shape[1]
    return p.argmax(1), np.clip((p.max(1) - chance) / (1 - chance), 0, 1)


def unit_maps(network: Network, block: int, x: Tensor, most: int) -> np.ndarray:
    """(K, N) activities of the first K ≤ `most` units of a block, counted from 1, for the inputs x (N, 2)."""
    with undisturbed(network):
        for part in list(network.blocks)[:block]:
            x = part(x)
        return x.flatten(1)[:, :most].T.float().cpu().numpy()
