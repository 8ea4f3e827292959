"""What an engine hands to the measures: R runs of one shape, looked at on a probe batch of N samples, or around a step.

Both engines fill these alike, the one that goes through autograd with R = 1, and every measure (kinds/) is a function of
them. So each formula is written once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

Name = tuple[str, int | None]  # (metric, layer); no layer: the whole network
Values = dict[Name, float | None]


@dataclass
class Feedback:
    """The matrices of those of the runs whose error comes back through feedback of one kind."""

    runs: slice
    pairs: dict[int, tuple[Tensor, Tensor] | None]  # block -> what stands there under bp and B, (R', …) each; None: no such


@dataclass
class Probed:
    """In evaluation mode, on the probe batch. What no measure NEEDS is left empty."""

    runs: int
    blocks: Sequence[nn.Module] = ()  # those of one run: the others' are alike
    hidden: list[Tensor] = field(default_factory=list)  # h_1 … h_L, (R, N, …)
    signals: list[Tensor] = field(default_factory=list)  # of each block, (4, R, N): lengths of δ̂ and δ (separation.py)
    alike: list[Tensor] = field(default_factory=list)  # of each block, (R,): separation.agreement of δ̂ and δ
    gradients: list[Tensor] = field(default_factory=list)  # of each layer, (4, R): lengths of the rule's ΔW and of bp's
    layers: list[int] = field(default_factory=list)  # which those are
    feedback: list[Feedback] = field(default_factory=list)


@dataclass
class Stepped:
    """Around one training step: by layer, ΔW that was made, with its sign turned, and ∂L/∂W before it, (R, …) each."""

    layers: list[int]
    moved: list[Tensor]
    slopes: list[Tensor]


@dataclass
class Columns:
    """Values that a measure found: (R, as many as names) in float64, NaN where there is none."""

    names: list[Name]
    values: Tensor

    @classmethod
    def by_layer(cls, metric: str, layers: Sequence[int | None], values: Tensor) -> "Columns":
        """`values` (R, layers)."""
        return cls([(metric, layer) for layer in layers], values.double())

    @classmethod
    def joined(cls, several: Sequence["Columns"]) -> "Columns":
        """All of them beside each other, in this order."""
        return cls([name for one in several for name in one.names], torch.cat([one.values for one in several], 1))


def defined(value: float) -> float | None:
    """None for what is not a finite number: 0/0, or a quotient by zero."""
    return value if abs(value) < float("inf") else None
