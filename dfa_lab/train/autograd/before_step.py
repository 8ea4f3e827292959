"""The weights before a step of one run and the true gradient there, for the measures of a step."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from dfa_lab import measure
from dfa_lab.feedback import Rule
from dfa_lab.measure.seen import Stepped, Values
from dfa_lab.networks import Network


class Before:
    """Taken before the step; `values` gives what the measures find in it once it is made."""

    def __init__(self, network: Network, rule: Rule, backward: Callable[[], tuple[Tensor, Tensor]], groups: Collection[str]):
        """`backward` passes the step's batch forward and gives (logits, ∂L/∂logits). Nothing of the network is changed.

        `groups`: of the setting `measures`; those that look at steps are asked.
        """
        self.network, self._rule = network, rule
        self._kinds = measure.chosen(groups, around_steps=True)
        self.numbers, weights = zip(*network.trained(), strict=True)
        self._W = [W.detach().clone() for W in weights]
        with _as_it_was(network), network.through_weights():
            y, e = backward()
            # with e as a factor and not as grad_outputs, which would import all of sympy the first time
            slope = (y * e.to(y.dtype)).sum()
            with network.going_back():
                self._gradients = torch.autograd.grad(slope, weights, allow_unused=True, materialize_grads=True)

    @torch.no_grad()
    def values(self) -> Values:
        """After the step, once."""
        pairs: dict[int, tuple[list[Tensor], list[Tensor]]] = {}
        for number, (_, W), old, gradient in zip(self.numbers, self.network.trained(), self._W, self._gradients, strict=True):
            back, up = pairs.setdefault(number, ([], []))  # -ΔW and ∂L/∂W: the same angle as that of ΔW and -∂L/∂W
            back.append(old.sub_(W).flatten())
            up.append(gradient.flatten())
        moved, slopes = ([torch.cat(pair[k]).unsqueeze(0) for pair in pairs.values()] for k in (0, 1))
        found = measure.of_step(self._kinds, Stepped(list(pairs), moved, slopes))
        return measure.values(self._kinds, found, [(self._rule, self.network)])[0]


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
