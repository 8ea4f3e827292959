"""Update angle: how far the step that was really made points from the one of plain gradient descent.

∠(ΔW_l, -∂L/∂W_l): ΔW_l is what one training step did to the weights, with all that the optimiser, weight decay and norm limits
make of the rule's gradient; ∂L/∂W_l is the true gradient on the very batch of that step, at the weights before it, with the
same dropout masks. So with bp and plain sgd it is 0°, and what is not 0° is the rule's or the optimiser's doing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from dfa_lab.measure.alignment import defined
from dfa_lab.measure.angles import between, degrees, joint_angle
from dfa_lab.networks import Network

Angles = dict[int | None, float | None]  # layer -> degrees, layer None: the whole network


class Before:
    """The weights before a step, and the true gradient there."""

    def __init__(self, network: Network, backward: Callable[[], tuple[Tensor, Tensor]]):
        """`backward` passes the step's batch forward and gives (logits, ∂L/∂logits). Nothing of the network is changed."""
        self.network = network
        self.numbers, weights = zip(*network.weights(), strict=True)
        self._W = [W.detach().clone() for W in weights]
        with _as_it_was(network), network.through_weights():
            y, e = backward()
            # with e as a factor and not as grad_outputs, which would import all of sympy the first time
            slope = (y * e.to(y.dtype)).sum()
            self._gradients = torch.autograd.grad(slope, weights, allow_unused=True, materialize_grads=True)

    @torch.no_grad()
    def angles(self) -> Angles:
        """After the step, once. No angle where nothing moved."""
        pairs: dict[int, tuple[list[Tensor], list[Tensor]]] = {}
        for number, (_, W), old, gradient in zip(self.numbers, self.network.weights(), self._W, self._gradients, strict=True):
            back, up = pairs.setdefault(number, ([], []))  # -ΔW and ∂L/∂W: the same angle as that of ΔW and -∂L/∂W
            back.append(old.sub_(W).flatten())
            up.append(gradient.flatten())
        joined = [(back[0], up[0]) if len(back) == 1 else (torch.cat(back), torch.cat(up)) for back, up in pairs.values()]
        lengths = torch.stack([between(u, v) for u, v in joined], -1)
        angles = degrees(lengths)
        values = torch.cat([angles, joint_angle(lengths[0], lengths[1], angles)[None]]).tolist()
        return dict(zip([*pairs, None], map(defined, values), strict=True))


@contextmanager
def _as_it_was(network: Network) -> Iterator[None]:
    """Inside, the network may be passed through as in training; running means and random streams are then put back."""
    kept = {name: b.clone() for name, b in network.named_buffers() if not name.endswith("feedback")}
    device = network.readout.weight.device
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        try:
            yield
        finally:
            with torch.no_grad():
                for name, buffer in network.named_buffers():
                    if name in kept:
                        buffer.copy_(kept[name])
