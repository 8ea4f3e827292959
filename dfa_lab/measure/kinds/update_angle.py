"""Update angle: how far the step that was really made points from the one of plain gradient descent.

∠(ΔW_l, -∂L/∂W_l): ΔW_l is what one training step did to the weights, with all that the optimiser, weight decay and norm limits
make of the rule's gradient; ∂L/∂W_l is the true gradient on the very batch of that step, at the weights before it, with the
same dropout masks. So with bp and plain sgd it is 0°, and what is not 0° is the rule's or the optimiser's doing.
"""

from dfa_lab.measure.kinds.alignment import layer_angles
from dfa_lab.measure.seen import Columns, Stepped
from dfa_lab.measure.separation import of_gradients, side_by_side

NAME = "update"
ABOUT = "the optimiser's step"
NEEDS = ("step",)
PLACE = 2
COST = 1.0
COST_ON_GPU = 6.0
DRAWN = {"update": {"name": "Update", "metric": "update_angle", "whole": True}}
METRICS = {
    "update_angle": (
        "degrees",
        "∠(step just made by the optimiser, −∇Wₗ), with the true gradient of that step's own batch at the weights before it",
    ),
}


def columns(seen: Stepped) -> Columns:
    """The angle of each layer, then of all joined; NaN where nothing moved."""
    lengths = side_by_side([of_gradients(*pair) for pair in zip(seen.moved, seen.slopes, strict=True)], -1)
    return Columns.by_layer("update_angle", [*seen.layers, None], layer_angles(lengths, len(seen.layers)))
