"""The weights of the first layer as pictures: what each unit looks for in an image."""

import numpy as np

from dfa_lab.networks import Network


def first_filters(network: Network, shape: tuple[int, ...], most: int) -> tuple[np.ndarray, int]:
    """((K, C, h, w) weights of the first K ≤ `most` units or kernels, how many there are).

    `shape` (C, H, W) of the images: a unit of a dense first layer has a weight for every pixel, a kernel is as small as it
    is. (0, C, H, W) where the first layer takes something else than the pixels as they are.
    """
    W = next(iter(network.weights()))[1].detach()
    count = len(W)
    if W.dim() == 2 and W.shape[1] == int(np.prod(shape)):
        W = W.reshape(count, *shape)
    elif W.dim() != 4 or W.shape[1] != shape[0]:
        return np.zeros((0, *shape), np.float32), count
    return W[:most].float().cpu().numpy().copy(), count  # the weights go on changing


def scaled(filters: np.ndarray) -> np.ndarray:
    """Filters (K, …) from -1 to 1, each by its own largest weight: 0 stays 0."""
    largest = np.abs(filters).max(axis=tuple(range(1, filters.ndim)), keepdims=True)
    return np.divide(filters, largest, out=np.zeros_like(filters), where=largest > 0)
