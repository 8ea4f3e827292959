"""Let tensors that a network makes for itself have the type of its weights: `torch.zeros(len(x), n)` is float32 in a network
that a proof looks at in float64."""

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

MAKING = {
    *(torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn, torch.normal, torch.eye, torch.arange),
    *(torch.linspace, torch.logspace, torch.tensor, torch.as_tensor, torch.from_numpy, torch.hann_window, Tensor.float),
}


class SameType(TorchFunctionMode):
    """Entered around a pass in `dtype`, which is not torch's default; in this thread alone."""

    def __init__(self, dtype: torch.dtype):
        super().__init__()
        self._dtype = dtype

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        args, kwargs = tree_map(lambda one: self._dtype if one is torch.float32 else one, (args, kwargs or {}))
        made = func(*args, **kwargs)
        if func in MAKING and isinstance(made, Tensor) and made.dtype is torch.float32:
            return made.to(self._dtype)
        return made
