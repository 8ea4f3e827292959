"""Numbers whose last digits do not depend on how many others are computed with them."""

from torch import Tensor
from torch.nn.functional import pad

VECTOR = 16  # numbers, or a multiple of as many, that a processor's vector holds


def whole_vectors(x: Tensor) -> Tensor:
    """x (…, n), its last dimension filled up with zeros to whole vectors of the processor: what a vector cannot hold is
    computed in another way."""
    return pad(x, (0, -x.shape[-1] % VECTOR))
