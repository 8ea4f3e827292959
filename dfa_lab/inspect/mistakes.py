"""Where a network errs: which classes it takes for which, on which samples it is most wrong, and what moves its mind."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dfa_lab.inspect.forward import answers, undisturbed
from dfa_lab.networks import Network, adversarial, criterion


@dataclass(frozen=True)
class Answers:
    """What a network says to N samples; `t`, `given` and `loss` are (N,), `p` is (N, C)."""

    t: np.ndarray
    p: np.ndarray
    given: np.ndarray
    loss: np.ndarray

    @property
    def error(self) -> float:
        """Share of wrong answers."""
        return float((self.given != self.t).mean())


def ask(network: Network, kind: str, x: Tensor, t: Tensor) -> Answers:
    """The network's answers to x (N, …) of the classes t (N,); `kind`: the criterion."""
    with undisturbed(network):
        y = network(x).float()
        p = torch.softmax(y, 1) if kind == "ce" else torch.sigmoid(y)
        loss = criterion.loss(kind, y, t)
    return Answers(*(part.cpu().numpy() for part in (t, p, y.argmax(1), loss)))


def joined(parts: list[Answers]) -> Answers:
    """One after another."""
    return Answers(*(np.concatenate([getattr(one, name) for one in parts]) for name in ("t", "p", "given", "loss")))


def confusion(t: np.ndarray, given: np.ndarray, classes: int) -> np.ndarray:
    """(C, C) counts: row the true class, column the given one."""
    return np.bincount(t * classes + given, minlength=classes * classes).reshape(classes, classes)


def worst(found: Answers, most: int) -> np.ndarray:
    """Places of the wrong answers with the highest loss, at most so many, the most wrong first."""
    wrong = np.flatnonzero(found.given != found.t)
    return wrong[np.argsort(-found.loss[wrong], kind="stable")][:most]


def moved(network: Network, kind: str, x: Tensor, t: Tensor, eps: float) -> tuple[Tensor, np.ndarray]:
    """(x + ε·sign ∂L/∂x, p (N, C) of what the network says to it); the slope is the true one, in evaluation mode."""
    with undisturbed(network):
        x = adversarial.moved(network, kind, x, t, eps)
    return x, answers(network, kind, x).cpu().numpy()
