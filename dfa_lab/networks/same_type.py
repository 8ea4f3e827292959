"""Let all numbers of a network have the type of its weights: `torch.zeros(len(x), n)` is float32 in a network that a proof
looks at in float64, and what is rounded on the way, by `h.float()` or `torch.autocast`, would look like another gradient."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map

MAKING = {
    *(torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn, torch.normal, torch.eye, torch.arange),
    *(torch.linspace, torch.logspace, torch.tensor, torch.as_tensor, torch.from_numpy, torch.hann_window),
}
ROUNDING = {Tensor.float, Tensor.half, Tensor.bfloat16}
SHORTER = (torch.float32, torch.bfloat16, torch.float16)


class SameType(TorchFunctionMode):
    """Entered around a pass in `dtype`, which is not torch's default; in this thread alone."""

    def __init__(self, dtype: torch.dtype):
        super().__init__()
        self._dtype = dtype

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        args, kwargs = tree_map(lambda one: self._dtype if _shorter(one) else one, (args, kwargs or {}))
        if func in ROUNDING:
            return args[0].to(self._dtype)
        with _no_autocast():
            made = func(*args, **kwargs)
        if func in MAKING and isinstance(made, Tensor) and made.dtype in SHORTER:
            return made.to(self._dtype)
        return made


def _shorter(one: object) -> bool:
    return isinstance(one, torch.dtype) and one in SHORTER


def _no_autocast() -> AbstractContextManager[Any]:
    return torch.autocast("cpu", enabled=False) if torch.is_autocast_enabled("cpu") else nullcontext()
