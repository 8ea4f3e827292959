"""Rules that are not what their names say: the proofs must tell."""

import torch
from torch import Tensor

from dfa_lab.feedback.rules.dfa import Dfa
from dfa_lab.feedback.rules.fa import Fa
from dfa_lab.feedback.rules.shallow import Shallow


class IgnoringDfa(Dfa):
    """Holds matrices and sends something fixed instead."""

    def signals(self, hs: list[Tensor], logits: Tensor, e: Tensor) -> list[Tensor | None]:
        return [torch.full_like(h, 0.01) for h in hs]


class BackpropDfa(Dfa):
    """Secretly bp."""

    def hidden(self, network, x):
        return network.hidden(x)

    def starts(self, hs, logits, e):
        return [logits], [e]


class WastefulDfa(Dfa):
    """Right, but computes backpropagation first and throws it away."""

    def hidden(self, network, x):
        self.whole = network.hidden(x)
        return super().hidden(network, x)

    def starts(self, hs, logits, e):
        torch.autograd.grad(self.whole[1], self.whole[0], e)
        return super().starts(hs, logits, e)


class TransportingFa(Fa):
    """Holds matrices and sends the error through W."""

    def hidden(self, network, x):
        with network.through_weights():
            return network.hidden(x)


class CopyingFa(Fa):
    """Overwrites its matrices with copies of W at every step: weight transport by the back door."""

    def hidden(self, network, x):
        for _, layer in list(network.layers())[1:]:
            layer.feedback = layer.weight.detach().clone()
        return network.hidden(x)


class TrainingShallow(Shallow):
    """Trains its hidden layers."""

    def hidden(self, network, x):
        return network.hidden(x)
