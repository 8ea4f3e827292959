"""shallow: the control. Only the readout learns, the hidden layers stay as they were drawn."""

import torch
from torch import Tensor

from dfa_lab.feedback.rule import Rule
from dfa_lab.networks import Network


class Shallow(Rule):
    """No signal reaches the hidden layers. A rule that does not beat this one teaches them nothing."""

    title = "Readout only (control)"
    equation = r"\hat\delta_\ell = 0"
    source = "the frozen control of Launay et al. (2020) and Refinetti et al. (2021)"
    colour = "#8A8A8A"

    def hidden(self, network: Network, x: Tensor) -> tuple[list[Tensor], Tensor]:
        with torch.no_grad():
            hs, _ = network.hidden(x)
        return hs, network.readout(hs[-1].flatten(1))

    def starts(self, hs: list[Tensor], logits: Tensor, e: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        return [logits], [e]

    def signals(self, hs: list[Tensor], logits: Tensor, e: Tensor) -> list[Tensor | None]:
        return [None] * len(hs)

    def matrices(self, network: Network) -> dict[int, Tensor]:
        return {}


RULE = Shallow
