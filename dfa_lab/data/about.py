"""What is known of a data set before it is read, and what reading it gives."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Facts:
    """A data set in numbers.

    `shape` is (channels, height, width) of an image or (features,) of a point; `train` and `test` count samples;
    `megabytes` is the size of the download, 0 for a set that is always there.
    """

    title: str
    shape: tuple[int, ...]
    classes: int
    train: int
    test: int
    megabytes: int = 0

    @property
    def samples(self) -> str:
        """What one sample is called."""
        return "images" if len(self.shape) == 3 else "points"


@dataclass(frozen=True)
class Arrays:
    """A data set as it was read, on the CPU.

    `x_train` and `x_test` are uint8 (N, C, H, W) or float32 (N, features), `y_train` and `y_test` int64 (N,).
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    class_names: tuple[str, ...]
