"""Try the blocks that somebody wrote: what a training would stumble over is found before it."""

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from dfa_lab.networks.layers import Dropout

BATCH = 2  # samples; one is too few for a batch norm that trains


class Unusable(Exception):
    """Blocks that cannot be trained; the text says why."""

    def __init__(self, why: str, error: BaseException | None = None):
        """`error`: what a block itself raised."""
        super().__init__(why)
        self.error = error


def unfit(number: int, block: nn.Module) -> str:
    """Why a block that somebody made cannot be one of a network here, by what it is made of; empty if nothing speaks against
    it. `number` counts from 1."""
    for path, module in block.named_modules():
        kind, here = type(module).__name__, f" ({path})" if path else ""
        if any(is_lazy(one) for one in (*module._parameters.values(), *module._buffers.values()) if one is not None):
            return f"block {number} has a {kind}{here}, whose size is not known before it is used; {_with_sizes(module)}"
        if isinstance(module, torch.jit.ScriptModule) or kind == "OptimizedModule":
            as_before = "so that no feedback reaches its layers; give the module as it was before"
            return f"block {number} is compiled, by torch.jit or torch.compile{here}, {as_before}"
    for path, tensor in (*block.named_parameters(), *block.named_buffers()):
        if (tensor.is_floating_point() or tensor.is_complex()) and tensor.dtype is not torch.float32:
            kind = str(tensor.dtype).removeprefix("torch.")
            single = "and networks are trained in float32 here; make them so with .float()"
            return f"block {number} has numbers of {kind} ({path}), {single}"
    return ""


def _with_sizes(lazy: nn.Module) -> str:
    """What to write instead of a lazy module, with sizes as an example."""
    kind = getattr(type(lazy), "cls_to_become", None)  # torch's own name of what it turns into
    if kind is None:
        return "give its sizes"
    sizes = "64" if "Norm" in kind.__name__ else "64, 9, 3" if "Conv" in kind.__name__ else "64, 9"
    return f"give its sizes, as in nn.{kind.__name__}({sizes})"


def try_blocks(blocks: list[nn.Module], shape: tuple[int, ...]) -> int:
    """Run them forward and back, as in training, and forward, as in a test, on inputs of this shape (without the batch).

    Gives the entries of their parameters and of what they gave. Leaves them changed, by batch norms that have seen this.
    Raises Unusable.
    """
    _each_its_own(blocks)
    entries = sum(p.numel() for block in blocks for p in block.parameters())
    learning: set[int] = set()  # in one mode at least: a layer may be dropped in training, at random
    for batch, training in ((BATCH, True), (1, False)):
        h = torch.zeros(batch, *shape)
        for number, block in enumerate(blocks, start=1):
            taken = tuple(h.shape[1:])
            try:
                h = _switch(block, training)(h.detach())
            except Exception as error:
                raise Unusable(f"block {number} cannot take a batch of shape {(batch, *taken)}", error) from error
            _require_units(number, h, batch)
            entries += h.numel()
            if h.requires_grad:
                learning.add(number)
            if training and h.requires_grad:
                _learn(number, h)
    for number in range(1, len(blocks) + 1):
        if number not in learning:
            raise Unusable(f"block {number} has nothing to learn; join it with a block that has weights")
    return entries


def _switch(block: nn.Module, training: bool) -> nn.Module:
    """All but dropout, whose masks a network draws."""
    for module in block.train(training).modules():
        if isinstance(module, Dropout):
            module.eval()
    return block


def _each_its_own(blocks: list[nn.Module]) -> None:
    seen: dict[nn.Parameter, int] = {}
    for number, block in enumerate(blocks, start=1):
        for parameter in block.parameters():
            if seen.setdefault(parameter, number) != number:
                raise Unusable(f"the blocks {seen[parameter]} and {number} share a parameter; make each of its own")


def _require_units(number: int, h: object, batch: int) -> None:
    if not isinstance(h, Tensor):
        raise Unusable(f"block {number} gives a {type(h).__name__}; let it give a tensor")
    if not h.is_floating_point():
        raise Unusable(f"block {number} gives {str(h.dtype).removeprefix('torch.')}; let it give floating-point numbers")
    if h.dim() < 2 or len(h) != batch or not h.numel():
        found = f"block {number} makes a tensor of shape {tuple(h.shape)} of a batch of {batch}"
        raise Unusable(f"{found}; let it give one row of units for each sample")


def _learn(number: int, h: Tensor) -> None:
    try:
        h.sum().backward(retain_graph=True)  # a tensor that is kept for another block keeps its graph, too
    except Exception as error:
        raise Unusable(f"block {number} has no gradient", error) from error
