"""A data set as tensors on one device."""

from dataclasses import dataclass
from functools import cached_property

import torch

from dfa_lab.data.about import Facts
from dfa_lab.data.normalisation import Statistics, measure


@dataclass(frozen=True)
class DataSet:
    """A data set that lives on a device as a whole: a batch is an index.

    `x_train` and `x_test` are uint8 (N, C, H, W) images or float32 (N, features) points as stored, or float32 of the
    same shape if converted to yuv or whitened; `y_train` and `y_test` are int64 (N,). `facts` counts what is really
    there. `offset` and `scale` are float32 and broadcast over (N, *facts.shape). Tensors are shared between
    experiments: do not write to them. `read`: what the files hold, before any part is held out or left out.
    """

    facts: Facts
    class_names: tuple[str, ...]
    x_train: torch.Tensor
    y_train: torch.Tensor
    x_test: torch.Tensor
    y_test: torch.Tensor
    offset: torch.Tensor
    scale: torch.Tensor
    read: Facts | None = None

    @cached_property
    def statistics(self) -> Statistics:
        """Statistics of `x_train`."""
        return measure(self.x_train.cpu().numpy())

    def inputs(self, x_rows: torch.Tensor, dtype: torch.dtype = torch.float32) -> torch.Tensor:
        """What a network is given for rows of `x_train` or `x_test`: (rows - offset) * scale, same shape."""
        offset, scale = self._moments(dtype)
        if offset is not None:
            return (x_rows.to(dtype) - offset).mul_(scale)
        return (x_rows.to(dtype) if x_rows.is_floating_point() else x_rows) * scale

    def _moments(self, dtype: torch.dtype) -> tuple[torch.Tensor | None, torch.Tensor]:
        """`offset`, None if it is 0 everywhere, and `scale` as numbers of this type, which every step needs."""
        if dtype not in self._converted:
            offset = self.offset.to(dtype) if self.offset.any() else None
            self._converted[dtype] = offset, self.scale.to(dtype)
        return self._converted[dtype]

    @cached_property
    def _converted(self) -> dict[torch.dtype, tuple[torch.Tensor | None, torch.Tensor]]:
        return {}
