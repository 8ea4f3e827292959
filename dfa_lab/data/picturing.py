"""Samples of an image set as pictures that can be shown, whatever was done to prepare them."""

import numpy as np
import torch

from dfa_lab.data.colours import RGB_TO_YUV
from dfa_lab.data.dataset import DataSet
from dfa_lab.settings.experiment import Experiment


def pictures(data: DataSet, x: torch.Tensor, experiment: Experiment) -> np.ndarray:
    """(N, H, W, 3) from 0 to 1 of rows x (N, C, H, W) as in `data.x_test`; C is 3, or 1 for grey.

    Whitened images have no colours to go back to: each is stretched from its least to its largest value.
    """
    rows = x.float().cpu().numpy()
    if experiment.whiten:
        least, most = (f(rows, axis=(1, 2, 3), keepdims=True) for f in (np.min, np.max))
        rows = (rows - least) / np.maximum(most - least, 1e-9)
        rows = rows[:, :1] if experiment.format == "yuv" else rows
    else:
        if experiment.format == "yuv":
            rows = np.einsum("ij,njhw->nihw", np.linalg.inv(RGB_TO_YUV), rows)
            largest = 255.0
        else:
            largest = float(data.x_test[:1000].max()) or 1.0
        rows = np.clip(rows / largest, 0, 1)
    return np.broadcast_to(rows.transpose(0, 2, 3, 1), (len(rows), *rows.shape[2:], 3))


def as_stored(data: DataSet, inputs: torch.Tensor) -> torch.Tensor:
    """Rows as in `data.x_test` of what a network is given: `data.inputs` undone."""
    return inputs / data.scale.to(inputs.dtype) + data.offset.to(inputs.dtype)
