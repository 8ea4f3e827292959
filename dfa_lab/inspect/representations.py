"""How the hidden layers see the data."""

import numpy as np
from torch import Tensor

from dfa_lab.inspect.forward import undisturbed
from dfa_lab.networks import Network


def activities(network: Network, x: Tensor) -> list[np.ndarray]:
    """[h_1 … h_L], each (N, n_l), for the inputs x (N, …)."""
    with undisturbed(network):
        hs, _ = network.hidden(x)
        return [h.flatten(1).float().cpu().numpy() for h in hs]
