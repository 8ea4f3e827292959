"""Feedback–weight angle: how far a feedback matrix has come to resemble the weights in whose place it stands.

fa-like rules, whose B is in the layer: ∠(W_{l+1}, B_{l+1}), both n_{l+1} × n_l, or kernels. Direct rules:
∠(W_{L+1} ⋯ W_{l+1}, B_l), both C × n_l, where all layers above block l are dense and one after the other: elsewhere no one
matrix leads from the block to the output. The derivatives f' between the factors are left out: every sample has its own.
"""

import torch

from dfa_lab.feedback import Rule
from dfa_lab.measure.angles import degrees
from dfa_lab.measure.seen import Columns, Probed
from dfa_lab.measure.separation import separation, side_by_side
from dfa_lab.networks import Network

NAME = "feedback"
ABOUT = "B against the weights"
NEEDS = ("feedback",)
PLACE = 3
COST = 0.1
COST_ON_GPU = 1.5
DRAWN = {"feedback": {"name": "Feedback–weight", "metric": "feedback_angle"}}
METRICS = {
    "feedback_angle": (
        "degrees",
        "∠(B, the weights it stands in for): Wₗ₊₁ for fa, the product of all weights above block l for dfa",
    ),
}


def applies(rule: Rule, network: Network) -> bool:
    """Whether the rule has feedback at all: otherwise nothing is recorded, not even a gap."""
    return bool(rule.matrices(network))


def columns(seen: Probed) -> Columns:
    """NaN for runs and blocks without such a matrix, or with a zero one."""
    blocks = sorted({block for one in seen.feedback for block in one.pairs})
    rows = torch.full((seen.runs, len(blocks)), torch.nan, dtype=torch.float64, device=_device(seen))
    for one in seen.feedback:
        there = [(place, pair) for place, block in enumerate(blocks) if (pair := one.pairs[block]) is not None]
        if not there:
            continue
        angles = degrees(side_by_side([separation(*pair) for _, pair in there], -1))
        for column, (place, _) in enumerate(there):
            rows[one.runs, place] = angles[:, column]
    return Columns.by_layer("feedback_angle", blocks, rows)


def _device(seen: Probed) -> torch.device | None:
    pairs = (pair for one in seen.feedback for pair in one.pairs.values() if pair is not None)
    return next((B.device for _, B in pairs), None)
