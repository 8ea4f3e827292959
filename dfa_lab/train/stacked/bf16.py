"""A layer whose products are of numbers of 16 bits, as under torch's autocast; W, its gradient and the optimiser keep 32."""

from collections.abc import Callable

import torch
from torch import Tensor

from dfa_lab.train.stacked.parts import Weighted

SHORT = torch.bfloat16


class Short:
    """What a twin of the layer makes of rounded numbers; its h and what leaves it have 16 bits too."""

    def __init__(
        self,
        make: Callable[..., Weighted],
        W: Tensor,
        b: Tensor | None,
        dW: Tensor,
        db: Tensor | None,
    ):
        """`make` makes the layer of its weights, its biases and the places of their gradients."""
        self.full = make(W, b, dW, db)  # of the same W, in 32 bits
        self.W, self.maps = W, self.full.maps
        twins = [None if one is None else one.to(SHORT) for one in (W, b, dW, db)]
        self._twin = make(*twins)
        both = zip((W, b, dW, db), twins, strict=True)
        pairs = [(one, twin) for one, twin in both if one is not None and twin is not None]
        self._values, self._gradients = pairs[: len(pairs) // 2], pairs[len(pairs) // 2 :]

    @property
    def h(self) -> Tensor:
        return self._twin.h

    def forward(self, h: Tensor) -> Tensor:
        for own, twin in self._values:
            twin.copy_(own)
        return self._twin.forward(h.to(SHORT))

    def gradients(self, g: Tensor) -> None:
        self._twin.gradients(g)
        for own, twin in self._gradients:
            own.copy_(twin)

    def send(self, g: Tensor, M: Tensor) -> Tensor:
        return self._twin.send(g, M.to(SHORT))
