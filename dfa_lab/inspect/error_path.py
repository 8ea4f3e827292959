"""How the error reaches each block of a network, in figures: what arrives, and what backpropagation would deliver.

Sizes are root mean squares over samples and units, of one sample's error: the batch mean's 1/N is taken out, so that they do
not depend on how many samples were asked. Evaluation mode, no trace.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import hypot

import torch
from torch import Tensor, nn

from dfa_lab.feedback import Rule
from dfa_lab.inspect.forward import undisturbed
from dfa_lab.measure.lengths import length, rms
from dfa_lab.measure.separation import mean_angle
from dfa_lab.networks import Network
from dfa_lab.networks.criterion import precise_error

BINS = 21  # of a distribution
ENTRIES = 5000  # of a matrix that its distribution is taken from, at most, evenly spread over it
SLOPES = {  # f' from f's output, and the largest one there is
    nn.Tanh: (lambda h: 1 - h * h, 1.0),
    nn.Sigmoid: (lambda h: h * (1 - h), 0.25),
    nn.ReLU: (lambda h: (h > 0).float(), 1.0),
}
FLAT = 0.1  # of it: below, a unit is saturated and passes little of the error on


@dataclass(frozen=True)
class Spread:
    """The distribution of a matrix's entries: `counts` in equal bins from -reach to reach."""

    shape: tuple[int, ...]
    norm: float  # √Σ²
    rms: float
    reach: float
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A block, or the readout (the last one): there δ̂ = δ = e, and `h` is y.

    None where there is none: no signal, no angle of a zero vector, no B, no nonlinearity of the lab's.
    """

    shape: tuple[int, ...]  # of its output, one sample
    parameters: int
    layers: tuple[tuple[int, ...], ...]  # shapes of the weights W in it
    norm: float  # √Σ² of all of them
    B: Spread | None  # of the matrix that delivers here
    signal: float | None  # δ̂
    true: float  # δ
    angle: float | None  # degrees between them, mean over the samples
    h: float  # mean activation
    saturated: float | None  # share of units and samples with f' below FLAT of its largest


@dataclass(frozen=True)
class ErrorPath:
    """`parts`: blocks 1 … L, then the readout; `samples` that were asked."""

    parts: tuple[Part, ...]
    samples: int

    @property
    def largest(self) -> float:
        """The largest signal at any block; 0 if there is none."""
        return max((part.signal or 0.0 for part in self.parts[:-1]), default=0.0)


def error_path(rule: Rule, network: Network, criterion: str, x: Tensor, t: Tensor) -> ErrorPath:
    """The road of the error for the inputs x (N, …) of classes t (N,). Leaves every .grad and every mode as it was."""
    with undisturbed(network), torch.enable_grad():
        hs, y = rule.hidden(network, x)
        with network.going_back():
            signals = rule.signals(hs, y, precise_error(criterion, y.detach(), t))
        with network.through_weights(), slopes(network) as flat:
            hs, y = network.hidden(x)
            e = precise_error(criterion, y.detach(), t)
            with network.going_back():
                deltas = torch.autograd.grad(y, hs, e)
    with torch.no_grad():
        matrices = rule.matrices(network)
        parts = []
        for number, (h, signal, delta) in enumerate(zip([*hs, y], [*signals, e], [*deltas, e], strict=True), start=1):
            parts.append(_part(network, number, h, signal, delta, matrices.get(number), flat.get(number)))
    return ErrorPath(tuple(parts), len(t))


def _part(
    network: Network, number: int, h: Tensor, signal: Tensor | None, delta: Tensor, B: Tensor | None, flat: float | None
) -> Part:
    module = [*network.blocks, network.readout][number - 1]
    weights = [W for at, W in network.weights() if at == number]
    return Part(
        shape=tuple(h.shape[1:]),
        parameters=sum(p.numel() for p in module.parameters()),
        layers=tuple(tuple(W.shape) for W in weights),
        norm=hypot(*(float(length(W.detach().flatten())) for W in weights)),
        B=None if B is None else spread(B),
        signal=None if signal is None else rms(signal) * len(h),
        true=rms(delta) * len(h),
        angle=None if signal is None else mean_angle(signal, delta),
        h=float(h.double().mean()),
        saturated=flat,
    )


def spread(M: Tensor) -> Spread:
    """The spread of a matrix or kernel of any shape."""
    entries = M.detach().flatten().float()
    some = entries[:: -(-len(entries) // ENTRIES)].cpu()
    reach = float(entries.abs().max())
    counts = torch.histc(some, BINS, -reach or -1.0, reach or 1.0)
    size = rms(entries)
    return Spread(tuple(M.shape), size * len(entries) ** 0.5, size, reach, tuple(int(n) for n in counts.tolist()))


@contextmanager
def slopes(network: Network) -> Iterator[dict[int, float]]:
    """Inside, a forward pass fills {block: share of its last nonlinearity's outputs where the slope is flat}."""
    found: dict[int, float] = {}

    def hook(number: int):
        def look(module: nn.Module, _: object, h: Tensor) -> None:
            slope, steepest = SLOPES[type(module)]
            found[number] = float((slope(h.detach()) < FLAT * steepest).double().mean())

        return look

    handles = []
    for number, block in enumerate(network.blocks, start=1):
        last = [module for module in block.modules() if type(module) in SLOPES][-1:]
        handles += [module.register_forward_hook(hook(number)) for module in last]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def affordable(network: Network, most: int, multiplications: int) -> int:
    """How many samples, of `most`, a look may take: it goes forward twice and back twice. At least 4."""
    return int(min(most, max(4, multiplications // (6 * max(1, sum(network.multiplications()))))))
