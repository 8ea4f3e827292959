"""Which networks and rules are known here, and the parts by hand of a block that is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, chain, pairwise
from typing import Literal

from torch import Tensor, nn

from dfa_lab.feedback import ChainRule, DirectRule, ReadoutRule, Rule
from dfa_lab.networks import Network
from dfa_lab.networks.layers import Conv2d, Dropout, Linear
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.stacked.batch_norm import Norm
from dfa_lab.train.stacked.bf16 import Short
from dfa_lab.train.stacked.flat import Flat, stacked
from dfa_lab.train.stacked.parts import ACTIVATIONS, Activation, Convolution, Dense, Flatten, Mask, Part, Pool, Weighted

Path = Literal["chain", "direct", "none"]
KNOWN = (Linear, Conv2d, nn.BatchNorm1d, nn.BatchNorm2d, Dropout, nn.MaxPool2d, nn.Flatten, *ACTIVATIONS)
TRAINED = (Linear, Conv2d, nn.BatchNorm1d, nn.BatchNorm2d)


@dataclass
class Stage:
    """A block, or the readout: `before` and `after` its one weighted layer."""

    before: list[Part]
    layer: Weighted
    after: list[Part]


def path(rule: Rule) -> Path | None:
    """How the error travels, where the rule does nothing but what its family does; None where it has ways of its own."""
    own = type(rule)
    if isinstance(rule, ChainRule):
        return "chain" if _inherits(own, ChainRule, "hidden", "starts", "signals", "matrices", "backward") else None
    if isinstance(rule, DirectRule):
        same = _inherits(own, DirectRule, "hidden", "starts", "signals", "matrices", "backward")
        return "direct" if same and not rule.broadcasts_target else None
    same = _inherits(own, ReadoutRule, "hidden", "starts", "signals", "matrices", "backward")
    return "none" if isinstance(rule, ReadoutRule) and same else None


def _inherits(own: type, family: type, *names: str) -> bool:
    return all(getattr(own, name) is getattr(family, name) for name in names)


def known(experiment: Experiment, network: Network, rule: Rule) -> bool:
    """Whether all of it is written down here; the rest is trained through autograd."""
    if experiment.exact or experiment.eps or experiment.network_file:
        return False
    return path(rule) is not None and all(_block_known(block) for block in network.blocks)


def _block_known(block: nn.Module) -> bool:
    if type(block) is not nn.Sequential or not all(type(part) in KNOWN for part in block):
        return False
    if sum(isinstance(part, (Linear, Conv2d)) for part in block) != 1:
        return False
    pools = [part for part in block if isinstance(part, nn.MaxPool2d)]
    norms = [part for part in block if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d))]
    plain = all((p.padding, p.dilation, p.ceil_mode) == (0, 1, False) for p in pools)
    return plain and all(norm.affine and norm.track_running_stats and norm.momentum is not None for norm in norms)


def parameters(networks: Sequence[Network]) -> tuple[list[list[nn.Parameter]], list[range]]:
    """The parameters that are trained, those of all networks by place, and which places are each block's and the readout's."""
    each = [[p for p in network.parameters() if p.requires_grad] for network in networks]
    counts = [sum(p.requires_grad for p in part.parameters()) for part in (*networks[0].blocks, networks[0].readout)]
    ends = list(accumulate(counts, initial=0))
    return [list(same) for same in zip(*each, strict=True)], [range(*pair) for pair in pairwise(ends)]


def stages(networks: Sequence[Network], flat: Flat, draw: Callable[[Tensor, float], Tensor], short: bool) -> list[Stage]:
    """The blocks and the readout, whose parameters are in `flat` as `parameters` orders them; `draw`: of Mask; `short`: with
    products of numbers of 16 bits."""
    values, grads = iter(flat.split(flat.values)), iter(flat.split(flat.grads))
    runs = len(networks)

    def own(module: nn.Module) -> list[Tensor | None]:
        """weight, bias, and their gradients; None where a bias is missing or is not trained."""
        assert isinstance(module, TRAINED)
        trained = [p is not None and p.requires_grad for p in (module.weight, module.bias)]
        return [stacked(next(source)) if one else None for source in (values, grads) for one in trained]

    made = []
    for number in range(len(networks[0].blocks) + 1):
        parts = [_parts(network, number) for network in networks]
        stage = Stage([], None, [])  # type: ignore[arg-type]
        for same in zip(*parts, strict=True):
            part, where = same[0], stage.before if stage.layer is None else stage.after
            if isinstance(part, (Linear, Conv2d)):
                W, b, dW, db = own(part)
                assert W is not None and dW is not None
                make = Dense if isinstance(part, Linear) else partial(Convolution, part)
                stage.layer = Short(make, W, b, dW, db) if short else make(W, b, dW, db)
            elif isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)):
                scale, shift, *slopes = own(part)
                assert scale is not None
                where.append(Norm(same, scale, shift, *(slope for slope in slopes if slope is not None)))
            elif isinstance(part, Dropout):
                if part.p:
                    where.append(Mask(part.p, draw))
            elif isinstance(part, nn.MaxPool2d):
                where.append(Pool(part))
            elif isinstance(part, nn.Flatten):
                if number == 0 or len(networks[0].shapes[number - 1]) > 1:  # of a dense block there is nothing to flatten
                    where.append(Flatten(runs))
            else:
                where.append(Activation(type(part)))
        made.append(stage)
    return made


def _parts(network: Network, number: int) -> list[nn.Module]:
    """The modules of a block, counted from 0, or of the readout, which flattens what it gets."""
    if number < len(network.blocks):
        return list(chain(network.blocks[number].children()))
    return [nn.Flatten(), network.readout]
