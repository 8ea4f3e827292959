"""From which distribution feedback is drawn. Each function draws one matrix (rows, columns) on the CPU.

All of them have the spread of the uniform one, bound/√3, so that only the distribution differs: docs/rules.md has the
formulas. Kernels of convolutions are drawn as (channels out, channels in · k · k).
"""

from collections.abc import Callable
from math import ceil, prod, sqrt

import torch
from torch import Generator, Tensor

from dfa_lab.seeding import generator
from dfa_lab.settings.experiment import Experiment

Size = tuple[int, int]
AT_ONCE = 1024  # entries of a row of the shared matrix: drawn in portions of one size, a longer row begins as a shorter one
INDEPENDENT = ("uniform", "normal", "shared", "signs")  # each entry of a block's B is drawn by itself, and none is left out


def uniform(size: Size, bound: float, stream: Generator) -> Tensor:
    """±bound."""
    return torch.empty(size).uniform_(-bound, bound, generator=stream)


def normal(size: Size, std: float, stream: Generator) -> Tensor:
    """Gaussian around 0."""
    return torch.empty(size).normal_(0, std, generator=stream)


def orthogonal(size: Size, std: float, stream: Generator) -> Tensor:
    """Rows orthogonal and of one length where there are no more of them than columns, else columns: the Q of a normal matrix.

    Unit vectors of n entries have the mean square 1/n, with n the longer side.
    """
    short, long = sorted(size)
    Q, R = torch.linalg.qr(torch.empty(long, short, dtype=torch.float64).normal_(generator=stream))
    Q = Q * R.diagonal().sign()  # without this the distribution would not be uniform over rotations
    Q = (Q * std * sqrt(long)).float()
    return (Q if size[0] >= size[1] else Q.T).contiguous()


def sparse(size: Size, std: float, stream: Generator, density: float) -> Tensor:
    """An entry is other than 0 with this probability, and then normal."""
    there = torch.empty(size).bernoulli_(density, generator=stream).bool()
    return torch.where(there, normal(size, 1.0, stream) * (std / sqrt(density)), 0.0)


def low_rank(size: Size, std: float, stream: Generator, rank: int) -> Tensor:
    """The product of two normal matrices, (rows, rank) and (rank, columns)."""
    rank = min(rank, *size)
    return normal((size[0], rank), std / sqrt(rank), stream) @ normal((rank, size[1]), 1.0, stream)


def shared(size: Size, bound: float, stream_of: Callable[[int], Generator]) -> Tensor:
    """The first rows and columns of one endless uniform matrix; `stream_of` gives the stream of each of its rows."""
    rows, columns = size
    portions = ceil(columns / AT_ONCE)
    drawn = [
        torch.cat([torch.empty(AT_ONCE).uniform_(-1, 1, generator=stream) for _ in range(portions)])[:columns]
        for stream in map(stream_of, range(rows))
    ]
    return torch.stack(drawn) * bound


def signs(size: Size, std: float, stream: Generator) -> Tensor:
    """+std or -std, one as likely as the other."""
    return (2 * torch.empty(size).bernoulli_(0.5, generator=stream) - 1) * std


def half_width(shape: tuple[int, ...], magnitude: float) -> float:
    """Half-width of the uniform distribution: X, or 1/√n for magnitude 0, with n the entries of a row."""
    return magnitude or 1 / sqrt(prod(shape[1:]))


def scale_of(experiment: Experiment, number: int) -> float:
    """The factor of the spread of what delivers at the block `number`; what passes on below the first has the first's."""
    scales = experiment.feedback_scales
    return scales[min(max(number, 1), len(scales)) - 1]


def draw(experiment: Experiment, seed: int, number: int, shape: tuple[int, ...], bound: float, again: int = 0) -> Tensor:
    """B for the block `number` of a run with this seed, `bound` times the block's scale wide; `again`: how often the experiment
    has redrawn feedback.

    It depends on the seed and on the block that receives it, not on the rule.
    """
    seed = seed if experiment.feedback_seed < 0 else experiment.feedback_seed
    more = ("redrawn", again) if again else ()
    bound *= scale_of(experiment, number)
    size, std = (shape[0], prod(shape[1:])), bound / sqrt(3)
    stream = generator(seed, "feedback", number, *more)
    match experiment.feedback_distribution:
        case "normal":
            B = normal(size, std, stream)
        case "orthogonal":
            B = orthogonal(size, std, stream)
        case "sparse":
            B = sparse(size, std, stream, experiment.feedback_density)
        case "low_rank":
            B = low_rank(size, std, stream, experiment.feedback_rank)
        case "shared":
            B = shared(size, bound, lambda row: generator(seed, "feedback", "shared", row, *more))
        case "signs":
            B = signs(size, std, stream)
        case _:
            B = uniform(size, bound, stream)
    return B.view(shape)
