"""Probing: everything that is measured on the probe batch, by the groups of the setting `measures`."""

from collections.abc import Collection

import torch
from torch import Tensor

from dfa_lab.feedback import Rule
from dfa_lab.measure.alignment import alignment
from dfa_lab.measure.feedback_weights import feedback_angles
from dfa_lab.measure.units import of_blocks
from dfa_lab.networks import Network

Values = dict[tuple[str, int | None], float | None]  # (metric, layer) -> value


def probe(rule: Rule, network: Network, criterion: str, x: Tensor, t: Tensor, groups: Collection[str]) -> Values:
    """The records' metrics, of the network in evaluation mode on the batch x (N, …), t (N,). Leaves every .grad as it was."""
    values: Values = {}
    hs: list[Tensor] | None = None
    if "angles" in groups:
        found = alignment(rule, network, criterion, x, t)
        for block, (mean, spread) in found.signal.items():
            values["signal_angle", block], values["signal_angle_std", block] = mean, spread
        values |= {("gradient_angle", layer): degrees for layer, degrees in found.gradient.items()}
        values |= {("signal_ratio", block): ratio for block, ratio in found.signal_ratio.items()}
        values |= {("gradient_ratio", layer): ratio for layer, ratio in found.gradient_ratio.items()}
        hs = found.hidden
    if "feedback" in groups:
        values |= {("feedback_angle", block): degrees for block, degrees in feedback_angles(rule, network).items()}
    if "units" in groups or "rank" in groups:
        if hs is None:
            with torch.no_grad():
                hs, _ = network.hidden(x)
        of = of_blocks(network.blocks, hs, rank="rank" in groups, activity="units" in groups)
        values |= {(metric, block): value for metric, by_block in of.items() for block, value in by_block.items()}
    return values
