"""How far a rule's signals and weight gradients point from the true gradient, on one batch.

Signal angle, of block l: ∠(δ̂_l, δ_l) for every sample, with δ̂_l what the rule delivers at the block's output and
δ_l = ∂L/∂h_l by backpropagation through the same weights on the same batch; then mean and spread over samples.
Weight-gradient angle, of layer l: ∠(ΔW_l of the rule, ΔW_l of bp), each the gradient of the whole batch; and of all
layers joined into one vector. The ratios compare the lengths of the same vectors: a rule that points the right way may
still send ten times too much.
"""

import torch
from torch import Tensor

from dfa_lab.measure.angles import degrees, joint_angle, mean_and_spread
from dfa_lab.measure.lengths import length
from dfa_lab.measure.seen import Columns, Probed
from dfa_lab.measure.separation import side_by_side

NAME = "angles"
ABOUT = "signal, weight gradient and their sizes"
NEEDS = ("signals",)
PLACE = 1
DRAWN = {
    "signal": {"name": "Signal angle", "metric": "signal_angle", "spread": "signal_angle_std", "chance": "signal_angle_chance"},
    "gradient": {"name": "Weight gradient", "metric": "gradient_angle", "whole": True},
    "signal_ratio": {"name": "Signal size ratio", "metric": "signal_ratio"},
    "gradient_ratio": {"name": "Gradient size ratio", "metric": "gradient_ratio", "whole": True},
}
METRICS = {
    "signal_angle": (
        "degrees",
        "∠(δ̂ₗ, δₗ): the signal the rule delivers at block l against the true gradient, mean over probe samples",
    ),
    "signal_angle_std": ("degrees", "standard deviation of the signal angle over probe samples"),
    "gradient_angle": ("degrees", "∠(ΔWₗ of the rule, ΔWₗ of bp) on the probe batch; for the whole network without a layer"),
    "signal_ratio": ("ratio", "|δ̂ₗ| / |δₗ|: size of the delivered signal over that of the true gradient, on the probe batch"),
    "gradient_ratio": ("ratio", "|ΔWₗ of the rule| / |ΔWₗ of bp| on the probe batch; for the whole network without a layer"),
}


def columns(seen: Probed) -> Columns:
    """Needs `signals` and `gradients`."""
    layers, blocks = [*seen.layers, None], range(1, len(seen.signals) + 1)
    angles, ratios = of_gradients(side_by_side(seen.gradients, -1), len(seen.layers))
    mean, spread, sizes = of_signals(side_by_side(seen.signals, -2))
    return Columns.joined(
        [
            Columns.by_layer("gradient_angle", layers, angles),
            Columns.by_layer("gradient_ratio", layers, ratios),
            Columns.by_layer("signal_angle", blocks, mean),
            Columns.by_layer("signal_angle_std", blocks, spread),
            Columns.by_layer("signal_ratio", blocks, sizes),
        ]
    )


def layer_angles(lengths: Tensor, layers: int) -> Tensor:
    """(R, layers + 1): the angle of each layer, then that of all joined; of lengths (4, R, layers and perhaps more)."""
    return _with_joint(lengths, length(lengths[:2]), layers)


def of_gradients(lengths: Tensor, layers: int) -> tuple[Tensor, Tensor]:
    """(R, layers + 1) angles as `layer_angles`, and the ratios |ΔW of the rule| / |ΔW of bp| likewise."""
    u, v, apart, _ = lengths
    whole = length(lengths[:2])
    own = torch.where(apart.isnan(), torch.nan, u / v)  # of what has faded there is no angle, and the size is no better known
    ratios = torch.cat([own[:, :layers], torch.div(*whole).unsqueeze(-1)], -1)
    return _with_joint(lengths, whole, layers), ratios


def of_signals(lengths: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """(R, L) mean angles over the samples that have one, their spreads, and |δ̂| / |δ| of the whole batch; of (4, R, L, N and
    perhaps more)."""
    mean, spread = mean_and_spread(degrees(lengths))
    return mean, spread, torch.div(*length(lengths[:2]))


def _with_joint(lengths: Tensor, whole: Tensor, layers: int) -> Tensor:
    """`whole` (2, R): lengths of all layers joined."""
    angles = degrees(lengths)
    return torch.cat([angles[:, :layers], joint_angle(lengths[:2], whole, angles).unsqueeze(-1)], -1)
