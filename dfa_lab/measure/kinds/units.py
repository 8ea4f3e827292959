"""What the units of a block do on one batch: how many of their outputs are saturated, and how many of them are dead."""

import torch
from torch import Tensor, nn

from dfa_lab.measure.seen import Columns, Probed
from dfa_lab.networks.layers import Dropout

NAME = "units"
ABOUT = "saturated and dead ones"
NEEDS = ("hidden",)
PLACE = 4
COST = 0.3  # with two probe samples for each of the batch
COST_ON_GPU = 1.3
DRAWN = {"saturated": {"name": "Saturated", "metric": "saturated"}, "dead": {"name": "Dead", "metric": "dead"}}
METRICS = {
    "saturated": (
        "fraction",
        "outputs of block l near an end of the nonlinearity on the probe batch: tanh beyond ±0.95, sigmoid outside 0.025–0.975",
    ),
    "dead": ("fraction", "units of block l (channels of a convolution) whose output is the same for every probe sample"),
}

# Kind of nonlinearity -> (middle of its outputs, distance from it beyond which f' is below a tenth of its largest value):
# tanh' = 1 - h² is 0.0975 at |h| = 0.95; sigmoid(a) = (1 + tanh(a/2))/2, so the same share of its range. relu has no upper end.
SATURATED: dict[type[nn.Module], tuple[float, float]] = {nn.Tanh: (0.0, 0.95), nn.Sigmoid: (0.5, 0.475)}
KEEPS_VALUES = (Dropout, nn.Dropout, nn.MaxPool2d, nn.MaxPool1d, nn.Flatten, nn.Identity)  # what may follow, in evaluation
STILL = 1e-6  # of the block's largest output: a unit that moves by no more is constant


def columns(seen: Probed) -> Columns:
    """Needs `hidden`; saturation is NaN after a nonlinearity that has no two ends."""
    blocks, ends = range(1, len(seen.hidden) + 1), [limits(block) for block in seen.blocks]
    near = [_nothing(h) if two is None else saturated(h, *two) for h, two in zip(seen.hidden, ends, strict=True)]
    return Columns.joined(
        [
            Columns.by_layer("saturated", blocks, torch.stack(near, 1)),
            Columns.by_layer("dead", blocks, torch.stack([dead(h) for h in seen.hidden], 1)),
        ]
    )


def saturated(h: Tensor, middle: float, distance: float) -> Tensor:
    """(R,) share of the outputs h (R, N, …), of every unit for every sample, that are further than this from the middle.

    A share of equal parts is the same in whatever order they are counted.
    """
    return (h - middle).abs_().gt_(distance).flatten(1).mean(1, dtype=torch.float64)


def dead(h: Tensor) -> Tensor:
    """(R,) share of the units whose output is the same for all samples. A relu that is always off is one.

    h (R, N, n); of maps (R, N, channels, height, width) a channel counts as one unit, since its weights do, and is dead if
    every place of it is: at the rim of an image of which the rim is blank a single place may well be constant.
    """
    reach = h.amax(1) - h.amin(1)  # (R, …)
    most = h.abs().flatten(1).amax(1)
    still = reach <= STILL * most.view(-1, *[1] * (reach.dim() - 1))
    return (still.flatten(2).all(2) if still.dim() > 2 else still).double().mean(1)


def limits(block: nn.Module) -> tuple[float, float] | None:
    """(middle, distance) of the nonlinearity whose outputs leave the block; None where there is none with two ends.

    Only of modules one after the other: what a person's own module does inside is not known.
    """
    for module in reversed(_in_order(block)):
        if not isinstance(module, KEEPS_VALUES):
            return SATURATED.get(type(module))
    return None


def _in_order(block: nn.Module) -> list[nn.Module]:
    if isinstance(block, nn.Sequential):
        return [module for part in block for module in _in_order(part)]
    return [block]


def _nothing(h: Tensor) -> Tensor:
    return h.new_full((len(h),), torch.nan, dtype=torch.float64)
