"""Limits on the L2 norms of the weights into and out of a unit. Feedback is left alone."""

import torch

from dfa_lab.networks.network import Network
from dfa_lab.settings.network_settings import NO_LIMIT


def limit(network: Network, into: float, out: float) -> None:
    """Shrink the weights into every unit (or output channel) to the norm `into`, and out of every unit to `out`.

    0, or NO_LIMIT and above: no limit.
    """
    limits = [(dimension, most) for dimension, most in ((0, into), (1, out)) if 0 < most < NO_LIMIT]
    for _, W in network.trained() if limits else ():
        for dimension, most in limits:
            W.data.copy_(torch.renorm(W.data, 2, dimension, most))


def limit_as_dfa_torch(network: Network, into: float, out: float) -> None:
    """dfa-torch's call of dpnn's maxParamNorm(maxOutNorm, maxInNorm), for which "out" are the rows, that feed into output
    neurons: `out` limits the weights into a unit, and `into` those along the last dimension, which in a convolution is the
    kernel's width. Only the help texts of dfa-torch's flags say it the other way round."""
    if min(into, out) >= NO_LIMIT:
        return
    for _, W in network.trained():
        for dimension, most in ((0, out), (W.dim() - 1, into)):
            if most > 0:
                W.data.copy_(torch.renorm(W.data, 2, dimension, most))
