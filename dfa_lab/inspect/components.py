"""The two directions in which samples differ most."""

from dataclasses import dataclass

import numpy as np

from dfa_lab.machine.rounding import NOISE


@dataclass(frozen=True)
class Cloud:
    """Samples in the plane of the first two principal components."""

    points: np.ndarray  # (N, 2)
    shares: tuple[float, float]  # of the whole variance that each component has


def principal(h: np.ndarray, t: np.ndarray) -> Cloud:
    """PCA of activities h (N, n). The mean of the first class t is put on the positive side of both axes: components have
    no sign, and without one of their own the picture would flip from one look to the next."""
    from sklearn.decomposition import PCA  # slow to import: only where it is needed

    points, shares = np.zeros((len(h), 2)), np.zeros(2)
    wanted = min(2, *h.shape)
    # Else every sample is the same point, or the network has diverged and there is nothing to be seen.
    if np.isfinite(h).all() and varies(h):
        pca = PCA(wanted, svd_solver="covariance_eigh" if h.shape[1] <= 500 else "randomized", random_state=0)
        points[:, :wanted] = pca.fit_transform(h.astype(np.float64))
        shares[:wanted] = pca.explained_variance_ratio_
    first = points[t == t.min()].mean(0)
    return Cloud(points * np.where(first < 0, -1, 1), (float(shares[0]), float(shares[1])))


def varies(h: np.ndarray) -> bool:
    """Whether samples h (N, n) differ by more than the rounding of their format."""
    largest = np.abs(h).max()
    unit = h.astype(np.float64) / (largest or 1.0)
    return bool(np.linalg.norm(unit - unit.mean(0)) > NOISE * np.finfo(h.dtype).eps * np.linalg.norm(unit))
