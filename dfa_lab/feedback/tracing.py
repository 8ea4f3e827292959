"""Which products a backward pass really makes, and of what: caught where torch executes them.

What a tensor was made of is followed from operation to operation, through copies, views and reparametrisations: a weight
divided by its norm is still a weight, and an activity that weights had a part in is none. Nothing of this depends on values, so
that it works on the device `meta` as well, where tensors hold none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

aten = torch.ops.aten
LAST_TWO = {aten.mm: (0, 1), aten.bmm: (0, 1), aten.mv: (0, 1), aten.addmm: (1, 2), aten.baddbmm: (1, 2), aten.addmv: (1, 2)}
REPEATING = {aten.repeat, aten.expand, aten.index, aten.index_select, aten.gather, aten.repeat_interleave}
MOVING = {aten.cat, aten.stack, aten.where, aten.copy_, aten.index_put, aten.index_put_, aten.scatter, aten.slice_scatter}
BY_UNIT = {aten._prelu_kernel_backward}  # entry by entry, though torch does not mark it so


class Kind(StrEnum):
    """The kind of a product, by its operands."""

    WEIGHTS = "signal × W"
    FEEDBACK = "signal × B"
    GRADIENTS = "weight gradients"


@dataclass(frozen=True)
class Product:
    """One product of a backward pass. `weights`: names of those that a signal was multiplied with, if any; `operation`:
    torch's name; `multiplications` of the whole batch; None: they are not known."""

    kind: Kind
    operation: str
    weights: tuple[str, ...] = ()
    multiplications: int | None = None


@dataclass(frozen=True)
class _Made:
    """What a tensor was made of: `weights` by name, `data`, an `error`, `feedback`; `repeated`: it holds copies of units."""

    weights: frozenset[str] = frozenset()
    data: bool = False
    error: bool = False
    feedback: bool = False
    repeated: bool = False

    @property
    def weight(self) -> bool:
        """Made of weights alone."""
        return bool(self.weights) and not (self.data or self.error or self.feedback)


NOTHING = _Made()


class Trace(TorchDispatchMode):
    """Entered around a forward pass and the backward pass that follows; `products` are those of the latter."""

    def __init__(self, weights: Mapping[str, Tensor], feedback: Iterable[Tensor], data: Iterable[Tensor]):
        """`weights` by the name under which they are told of."""
        super().__init__()
        self.products: list[Product] = []
        self.touched: set[str] = set()  # weights that some operation has used
        self._made: dict[int, _Made] = {}  # by storage: a view is made of what its base is made of
        self._alive: list[Any] = []  # an address is not used again while its tensor lives
        self._outputs: list[tuple[Tensor, _Made, bool]] | None = []
        self._nodes: dict[Any, tuple[_Made, bool]] = {}  # of the graph, each with what its output is
        for name, W in weights.items():
            self._mark(W, _Made(weights=frozenset([name])))
        for B in feedback:
            self._mark(B, _Made(feedback=True))
        for x in data:
            self._mark(x, _Made(data=True))

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """torch would import its compiler, for seconds, to keep it away from what follows; nothing here uses it."""
        return False

    def errors(self, *errors: Tensor) -> None:
        """The forward pass is over, and the error starts from these tensors."""
        if self._outputs is not None:
            self._nodes = {out.grad_fn: (made, spread) for out, made, spread in self._outputs if out.grad_fn is not None}
            self._outputs = None
        for e in errors:
            self._mark(e, _Made(error=True))

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        given = [one for one in tree_leaves((args, kwargs or {})) if isinstance(one, Tensor)]
        made = [self._of(one) for one in given]
        for one in made:
            self.touched |= one.weights if len(one.weights) == 1 else set()
        results = [one for one in tree_leaves(out) if isinstance(one, Tensor)]
        self._alive.append((given, results))
        result = _joined(made)
        if result.error:
            self._judge(func, args, given, made, results)
            result = _Made(error=True, repeated=result.repeated)
        elif func.overloadpacket in REPEATING and result.data and results and results[0].numel() > given[0].numel():
            result = _Made(result.weights, result.data, repeated=True)
        elif func.overloadpacket in LAST_TWO or func.overloadpacket is aten.convolution:
            result = _Made(result.weights, result.data, feedback=result.feedback)
        for one in results:
            self._mark(one, result)
            if self._outputs is not None:
                self._outputs.append((one, result, _spread(given, made, one)))
        return out

    def _mark(self, tensor: Tensor, made: _Made) -> None:
        if made == NOTHING:
            return
        self._alive.append(tensor)
        place = tensor.untyped_storage()._cdata
        self._made[place] = _joined([made, self._made.get(place, NOTHING)])

    def _of(self, tensor: Tensor) -> _Made:
        return self._made.get(tensor.untyped_storage()._cdata, NOTHING)

    def _judge(self, func: Any, args: Any, given: list[Tensor], made: list[_Made], results: list[Tensor]) -> None:
        """Write down what an operation on an error is, if it is a product."""
        of, spread = self._nodes.get(torch._C._current_autograd_node(), (NOTHING, False))
        inside = of.weight  # the error of a weight on its way to what that weight is made of: no signal
        packet = func.overloadpacket
        name = packet.__name__
        if packet in LAST_TWO:
            left, right = (args[n] for n in LAST_TWO[packet])
            size = left.numel() * prod(right.shape[-1:] if right.dim() > 1 else ())
            self._add(name, [self._of(left), self._of(right)], size, inside)
        elif packet is aten.convolution_backward:
            delta, h, W = args[:3]
            size = (h if args[7] else delta).numel() * W[0].numel()  # args[7]: it is a transposed one
            for wanted, operand, forward in zip(args[-1], (W, h), (False, True), strict=False):
                if wanted:
                    self._add(name, [self._of(operand)], size, inside or forward)
        elif packet is aten.convolution:
            size = results[0].numel() * args[1][0].numel()
            self._add(name, [self._of(args[0]), self._of(args[1])], size, inside)
        elif any(one.weight for one in made) and not inside and not _harmless(func, args, given, made, results, spread, self):
            self._add(name, made, None, inside)

    def _add(self, operation: str, made: list[_Made], size: int | None, inside: bool) -> None:
        if inside:
            kind, weights = Kind.GRADIENTS, frozenset()
        else:
            weights = frozenset().union(*(one.weights for one in made if one.weight))
            kind = Kind.WEIGHTS if weights else Kind.FEEDBACK if any(one.feedback for one in made) else Kind.GRADIENTS
        self.products.append(Product(kind, operation, tuple(sorted(weights)), size))


def _harmless(
    func: Any, args: Any, given: list[Tensor], made: list[_Made], results: list[Tensor], spread: bool, trace: Trace
) -> bool:
    """Whether an operation on an error and a weight multiplies entry by entry, as a scale does, or not at all."""
    packet = func.overloadpacket
    name = packet.__name__
    if packet in MOVING | BY_UNIT or ("norm" in name and "backward" in name):
        return True
    if "scaled_dot_product" in name:  # a weight that is added to the products is no factor
        return not any(trace._of(one).weight for one in args[1:4])
    if torch.Tag.pointwise not in func.tags or spread or not results:
        return packet in (aten.sum, aten.mean) or all(one.dim() == 0 for one, m in zip(given, made, strict=True) if m.weight)
    errors = [one for one, m in zip(given, made, strict=True) if m.error]
    weights = [one for one, m in zip(given, made, strict=True) if m.weight]
    same = [one for one in errors if one.shape == results[0].shape]
    return any(not _varies_where_repeated(e, W) for e in same for W in weights)


def _spread(given: list[Tensor], made: list[_Made], out: Tensor) -> bool:
    """Whether units meet several weights each in an operation that goes entry by entry: a product in disguise."""
    weights = [one for one, m in zip(given, made, strict=True) if m.weight]
    units = [(one, m) for one, m in zip(given, made, strict=True) if m.data]
    if not weights or not units:
        return False
    return all(one.shape != out.shape or m.repeated or any(_varies_where_repeated(one, W) for W in weights) for one, m in units)


def _varies_where_repeated(units: Tensor, W: Tensor) -> bool:
    """Whether W has several values along a dimension in which all entries of `units` are one and the same."""
    sizes = [1] * (units.dim() - W.dim()) + list(W.shape)
    steps = [0] * (units.dim() - W.dim()) + list(W.stride())
    along = zip(units.shape, units.stride(), sizes, steps, strict=False)
    return any(size > 1 and not step and w > 1 and w_step for size, step, w, w_step in along)


def _joined(made: Iterable[_Made]) -> _Made:
    made = [one for one in made if one is not NOTHING]
    if len(made) == 1:
        return made[0]
    return _Made(
        frozenset().union(*(one.weights for one in made)),
        any(one.data for one in made),
        any(one.error for one in made),
        any(one.feedback for one in made),
        any(one.repeated for one in made),
    )
