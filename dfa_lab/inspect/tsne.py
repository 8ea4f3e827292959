"""t-SNE: samples in a plane so that those that are near each other stay so (van der Maaten and Hinton, 2008).

Run as a program it embeds what comes in and says it at once, so that a server does not compute it in its own process:
numbers of samples and of units (two int64), then the activities (float32), row by row; back come the points (float32).
"""

import os
import sys
from typing import IO

import numpy as np

from dfa_lab.inspect.components import principal
from dfa_lab.machine.priority import end_first

PERPLEXITY = 30.0  # about how many neighbours count
FEWEST = 10  # samples: below there are no neighbourhoods
UNITS = 50  # principal components that go into it, as its authors do
SEED = 0
ORDINARY = 1e-12  # scikit-learn squares distances in 32 bits, so activities further below or above are scaled first


def embed(h: np.ndarray, t: np.ndarray, perplexity: float = PERPLEXITY) -> np.ndarray:
    """(N, 2) of samples h (N, n) of the classes t (N,), which only settle the signs of the start.

    It starts from the first two principal components and draws nothing at random, so that maps of several layers can be
    compared. The perplexity is lowered to a third of the other samples where these are few. Samples that are all the
    same stay in one place. Raises ValueError for fewer than FEWEST samples and for what is not finite.
    """
    if len(h) < FEWEST:
        raise ValueError(f"t-SNE needs at least {FEWEST} samples, these are {len(h)}")
    if not np.isfinite(h).all():
        raise ValueError("some activities are no finite numbers: the training has diverged")
    largest = float(np.abs(h).max())
    if largest and not ORDINARY < largest < 1 / ORDINARY:
        h = h.astype(np.float64) / largest
    start = principal(h, t).points
    if not start.any():
        return np.zeros((len(h), 2))
    from sklearn.decomposition import PCA  # slow to import: only where it is needed
    from sklearn.manifold import TSNE

    if min(h.shape) > UNITS:
        h = PCA(UNITS, svd_solver="randomized", random_state=SEED).fit_transform(h)
    tsne = TSNE(
        perplexity=min(perplexity, (len(h) - 1) / 3),
        init=(1e-4 * start / start[:, 0].std()).astype(np.float32),  # as small as scikit-learn's own start
        random_state=SEED,
        n_jobs=1,
    )
    return tsne.fit_transform(h.astype(np.float32)).astype(np.float64)


def beside_their_own(points: np.ndarray, t: np.ndarray) -> float:
    """Share of the samples (N, 2) whose nearest neighbour is of their own class t (N,)."""
    from sklearn.neighbors import NearestNeighbors

    nearest = NearestNeighbors(n_neighbors=1).fit(points).kneighbors(return_distance=False)
    return float((t[nearest[:, 0]] == t).mean())


def write(stream: IO[bytes], array: np.ndarray) -> None:
    """A table (N, n)."""
    stream.write(np.array(array.shape, np.int64).tobytes() + np.ascontiguousarray(array, np.float32).tobytes())
    stream.flush()


def read(stream: IO[bytes]) -> np.ndarray | None:
    """The array that `write` wrote, float32; None at the end."""
    head = stream.read(16)
    if len(head) < 16:
        return None
    rows, columns = np.frombuffer(head, np.int64)
    body = stream.read(4 * int(rows * columns))
    if len(body) < 4 * rows * columns:
        return None
    return np.frombuffer(body, np.float32).reshape(rows, columns)


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)  # the training goes first
    end_first()
    labels = read(sys.stdin.buffer)
    while labels is not None and (one := read(sys.stdin.buffer)) is not None:
        write(sys.stdout.buffer, embed(one, labels[:, 0]))
