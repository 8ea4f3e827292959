"""Feedback–weight angle: how far a feedback matrix has come to resemble the weights in whose place it stands.

fa-like rules, whose B is in the layer: ∠(W_{l+1}, B_{l+1}), both n_{l+1} × n_l, or kernels. Direct rules:
∠(W_{L+1} ⋯ W_{l+1}, B_l), both C × n_l, where all layers above block l are dense and one after the other: elsewhere no one
matrix leads from the block to the output. The derivatives f' between the factors are left out: every sample has its own.
"""

import torch
from torch import Tensor

from dfa_lab.feedback import Rule
from dfa_lab.measure.alignment import defined
from dfa_lab.measure.angles import angle
from dfa_lab.networks import Network
from dfa_lab.networks.network import only_dense


@torch.no_grad()
def feedback_angles(rule: Rule, network: Network) -> dict[int, float | None]:
    """Block that receives -> degrees; None: no such matrix, or a zero one. Empty for a rule without feedback."""
    matrices = rule.matrices(network)
    if not matrices:
        return {}
    in_layers = {id(layer.feedback): layer.weight for _, layer in network.layers() if layer.feedback is not None}
    found: dict[int, Tensor] = {}
    product: Tensor | None = network.readout.weight
    for block in range(len(network.blocks), 0, -1):
        B = matrices.get(block)
        W = product if B is None else in_layers.get(id(B), product)
        if B is None or W is None or W.shape != B.shape:
            found[block] = torch.full((), torch.nan, dtype=torch.float64, device=network.readout.weight.device)
        else:
            found[block] = angle(W.flatten(), B.flatten())
        dense = only_dense(network.blocks[block - 1])
        product = None if product is None or dense is None else product @ dense.weight
    blocks = sorted(found)
    return dict(zip(blocks, map(defined, torch.stack([found[block] for block in blocks]).tolist()), strict=True))
