"""ZCA whitening: turn, stretch and turn back, so that the inputs' covariance becomes the identity.

Computed by numpy, whose products an experiment's precision (tf32) does not shorten, and the matrix in float64: the
variances of CIFAR's directions reach from below 1 to above a million.
"""

from math import prod

import numpy as np
import torch
from torch import Tensor

EPSILON = 1e-5  # added to every variance, as in dfa-torch
NUMBERS_AT_ONCE = 2**23  # of the float64 copies: 64 MiB
MATRICES = 5  # held at once while the matrix is computed: covariance, eigenvectors, LAPACK's two for itself, the result


def matrix_bytes(shape: tuple[int, ...]) -> int:
    """Memory that `zca` needs for samples of this shape, at least."""
    return 8 * MATRICES * prod(shape) ** 2


def zca(x: np.ndarray, exact: bool = False) -> tuple[Tensor, Tensor]:
    """mean (D,) and the symmetric matrix P (D, D), float64, of training samples (N, *shape) with D numbers each.

    P = V diag(1/√(λ + EPSILON)) Vᵀ with the eigenvalues λ of the covariance. Directions in which the training set does
    not vary (λ below EPSILON: a pixel that is always black) go to 0, since what a test sample has there would be
    stretched 316 times and drown the rest; `exact` stretches them too, as dfa-torch does.
    """
    rows = x.reshape(len(x), -1)
    inputs = rows.shape[1]
    at_once = max(1, NUMBERS_AT_ONCE // inputs)
    parts = range(0, len(rows), at_once)
    mean = sum((rows[at : at + at_once].sum(axis=0, dtype=float) for at in parts), np.zeros(inputs)) / len(rows)
    covariance = np.zeros((inputs, inputs))
    for at in parts:
        centred = rows[at : at + at_once] - mean
        covariance += centred.T @ centred  # numpy sees that it is symmetric and computes one half
    covariance /= max(1, len(rows) - 1)
    variances, directions = np.linalg.eigh(covariance)  # twice as fast as torch's on a CPU
    del covariance
    stretch = 1 / np.sqrt(variances.clip(min=0) + EPSILON)
    if not exact:
        stretch[variances < EPSILON] = 0
    return torch.from_numpy(mean), torch.from_numpy((directions * stretch) @ directions.T)


def whitened(x: Tensor, mean: Tensor, matrix: Tensor) -> Tensor:
    """(x - mean) @ matrix of samples (N, *shape), float32 and of the same shape, all on the CPU."""
    result = torch.empty(x.shape)
    short = matrix.numpy().astype(np.float32)
    at_once = max(1, NUMBERS_AT_ONCE // len(mean))
    for start in range(0, len(x), at_once):
        rows = slice(start, start + at_once)
        centred = (x[rows].flatten(1).numpy() - mean.numpy()).astype(np.float32)
        result[rows] = torch.from_numpy(centred @ short).reshape(x[rows].shape)
    return result
