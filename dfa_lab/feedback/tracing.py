"""Which products a backward pass really makes, and of what: caught where torch executes them.

What a tensor was made of is followed from operation to operation, through copies, views and reparametrisations: a weight
divided by its norm is still a weight, and an activity that weights had a part in is none. A weight that data have scaled or
shifted as a whole is between the two: it is still a matrix of weights if a signal is multiplied with it and goes on. Nothing of
this depends on values, so that it works on the device `meta` as well, where tensors hold none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from dfa_lab.feedback.ingredients import NOTHING, Made, Sum, joined, own
from dfa_lab.feedback.pieces import Pieces

aten = torch.ops.aten
LAST_TWO = {aten.mm: (0, 1), aten.bmm: (0, 1), aten.mv: (0, 1), aten.addmm: (1, 2), aten.baddbmm: (1, 2), aten.addmv: (1, 2)}
LAYERS = {aten.mm, aten.addmm, aten.convolution}  # h @ W, whatever else h has
FACTORS = {**LAST_TWO, aten.convolution_backward: (2,), aten.convolution: (1,)}  # that could be a matrix of weights
REPEATING = {aten.repeat, aten.expand, aten.index, aten.index_select, aten.gather, aten.repeat_interleave}
MOVING = {aten.cat, aten.stack, aten.where, aten.copy_, aten.index_put, aten.index_put_, aten.scatter, aten.slice_scatter}
SCALING = {aten.mul, aten.mul_, aten.div, aten.div_}
COPYING = {aten.clone, aten._to_copy, aten.view, aten._unsafe_view}
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


class _Met(NamedTuple):
    """How units meet weights in an operation: several in it (`spread`), or others in an earlier one (`several`). `own`: sums
    that meet what descends from them."""

    spread: bool
    several: bool
    own: frozenset[Sum] = frozenset()


NEVER = _Met(spread=False, several=False)


class Trace(TorchDispatchMode):
    """Entered around a forward pass and the backward pass that follows; `products` are those of the latter."""

    def __init__(self, weights: Mapping[str, Tensor], feedback: Iterable[Tensor], data: Iterable[Tensor]):
        """`weights` by the name under which they are told of."""
        super().__init__()
        self.products: list[Product] = []
        self.touched: set[str] = set()  # weights that some operation has used
        self.through: set[str] = set()  # matrices that data have scaled or shifted, which a signal went through
        self._made: dict[int, Made] = {}  # by storage: a view is made of what its base is made of
        self._alive: list[Any] = []  # an address is not used again while its tensor lives
        self._outputs: list[tuple[Tensor, Made, _Met]] | None = []
        self._nodes: dict[Any, tuple[Made, _Met]] = {}  # of the graph, each with what its output is
        self._pieces = Pieces()
        for name, W in weights.items():
            self._mark(W, Made(weights=frozenset([name])))
        for B in feedback:
            self._mark(B, Made(feedback=True))
        for x in data:
            self._mark(x, Made(data=True))

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """torch would import its compiler, for seconds, to keep it away from what follows; nothing here uses it."""
        return False

    def errors(self, *errors: Tensor) -> None:
        """The forward pass is over, and the error starts from these tensors."""
        if self._outputs is not None:
            self._nodes = {out.grad_fn: (made, met) for out, made, met in self._outputs if out.grad_fn is not None}
            self._outputs = None
            for node in self._nodes:
                node.register_hook(self._passed_on(node))
        for e in errors:
            self._mark(e, Made(error=True))

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        given = [one for one in tree_leaves((args, kwargs or {})) if isinstance(one, Tensor)]
        made = [self._of(one) for one in given]
        for one in made:
            self.touched |= one.weights if len(one.weights) == 1 else set()
        results = [one for one in tree_leaves(out) if isinstance(one, Tensor)]
        self._alive.append((given, results))
        result = joined(made)
        if result.error:
            through = self._judge(func, args, given, made, results)
            repeated = _entry_by_entry(func) and (result.repeated or _copies(func.overloadpacket, given, made, results))
            result = Made(error=True, repeated=repeated, through=result.through | through)
        else:
            result = self._after(func, given, made, results, result)
        for number, one in enumerate(results):
            factors = func.overloadpacket is aten._linalg_solve_ex and number
            self._mark(one, made[0] if factors else result)
            if self._outputs is not None:
                several = func.overloadpacket in SCALING and self._pieces.several(given, made)
                self._outputs.append((one, result, _Met(_spread(given, made, one), several, own(made))))
        return out

    def _after(self, func: Any, given: list[Tensor], made: list[Made], results: list[Tensor], whole: Made) -> Made:
        """What an operation of the forward pass gives."""
        packet = func.overloadpacket
        self._pieces.moved(packet, given, results)
        if packet in LAST_TWO or packet is aten.convolution:
            result = Made(whole.weights, whole.data, feedback=whole.feedback)
        else:
            result = replace(whole, repeated=whole.repeated or (whole.data and _copies(packet, given, made, results)))
        kept = _entry_by_entry(func)
        scaled, shifted = (whole.scaled, whole.shifted) if kept else (frozenset[str](), frozenset[str]())
        if torch.Tag.pointwise in func.tags and results and _spread(given, made, results[0]):
            names = frozenset().union(*(m.weights for one, m in zip(given, made, strict=True) if m.weight and one.dim()))
            scaled, shifted = (scaled | names, shifted) if packet in SCALING else (scaled, shifted | names)
        beside = whole.data and packet not in SCALING and (kept or (packet in LAST_TWO and len(given) == 3))
        entries = given[:1] if packet in LAST_TWO else given  # its factors are no summands
        new = {(name, len(self._alive)) for name in _matrices(entries, made)} if beside else set[Sum]()
        added = (whole.added if kept else frozenset()) | new
        came = (whole.came - _as_matrices(packet, made)) | new
        activity = result.data and bool(result.weights) and not (scaled or shifted)
        return replace(result, scaled=scaled, shifted=shifted, added=added, came=came, taught=whole.taught or activity)

    def _passed_on(self, node: Any) -> Any:
        """A hook that sees where a node of the graph sends what it has reckoned: to a weight, or on to units below."""

        def hook(grads: tuple[Tensor | None, ...], _: Any) -> None:
            for grad, (below, _number) in zip(grads, node.next_functions, strict=False):
                if grad is not None and below in self._nodes and self._nodes[below][0].taught:
                    self.through |= self._of(grad).through

        return hook

    def _mark(self, tensor: Tensor, made: Made) -> None:
        if made == NOTHING:
            return
        self._alive.append(tensor)
        place = tensor.untyped_storage()._cdata
        self._made[place] = joined([made, self._made.get(place, NOTHING)])

    def _of(self, tensor: Tensor) -> Made:
        return self._made.get(tensor.untyped_storage()._cdata, NOTHING)

    def _judge(self, func: Any, args: Any, given: list[Tensor], made: list[Made], results: list[Tensor]) -> frozenset[str]:
        """Write down what an operation on an error is, if it is a product. Gives the matrices that data have scaled or shifted
        and that the error is multiplied with: where the result goes to will show whether it is a signal."""
        of, met = self._nodes.get(torch._C._current_autograd_node(), (NOTHING, NEVER))
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
        elif any(one.weight for one in made) and not inside and not _harmless(func, args, given, made, results, met, self):
            self._add(name, made, None, inside)
        return frozenset() if inside else self._between(func, args, given, made, results, met)

    def _between(
        self, func: Any, args: Any, given: list[Tensor], made: list[Made], results: list[Tensor], met: _Met
    ) -> frozenset[str]:
        """Matrices that data have a part in, and that an operation multiplies the error with, and sums over."""
        packet = func.overloadpacket
        factors = [args[n] for n in FACTORS.get(packet, ())]
        if factors:
            return frozenset().union(*(m.scaled | _names(m.added - met.own) for m in map(self._of, factors)))
        if torch.Tag.pointwise not in func.tags or not results:
            return frozenset()
        found = frozenset[str]()
        pairs = list(zip(given, made, strict=True))
        summed = [m.repeated or e.shape != results[0].shape or _repeats(e) for e, m in pairs if m.error]
        for _, m in pairs if any(summed) else []:
            added = m.added - met.own if met.spread else frozenset[Sum]()
            found |= frozenset() if m.error else m.scaled | m.shifted | _names(added)
        return found

    def _add(self, operation: str, made: list[Made], size: int | None, inside: bool) -> None:
        if inside:
            kind, weights = Kind.GRADIENTS, frozenset()
        else:
            weights = frozenset().union(*(one.weights for one in made if one.weight))
            kind = Kind.WEIGHTS if weights else Kind.FEEDBACK if any(one.feedback for one in made) else Kind.GRADIENTS
        self.products.append(Product(kind, operation, tuple(sorted(weights)), size))


def _harmless(
    func: Any, args: Any, given: list[Tensor], made: list[Made], results: list[Tensor], met: _Met, trace: Trace
) -> bool:
    """Whether an operation on an error and a weight multiplies entry by entry, as a scale does, or not at all."""
    packet = func.overloadpacket
    name = packet.__name__
    if packet in MOVING | BY_UNIT or ("norm" in name and "backward" in name):
        return True
    if "scaled_dot_product" in name:  # a weight that is added to the products is no factor
        return not any(trace._of(one).weight for one in args[1:4])
    if met.several or any(one.is_complex() for one in given):  # a scale of frequencies is a convolution
        return packet in (aten.sum, aten.mean)
    if torch.Tag.pointwise not in func.tags or met.spread or not results:
        return packet in (aten.sum, aten.mean) or all(one.dim() == 0 for one, m in zip(given, made, strict=True) if m.weight)
    errors = [one for one, m in zip(given, made, strict=True) if m.error]
    weights = [one for one, m in zip(given, made, strict=True) if m.weight]
    same = [one for one in errors if one.shape == results[0].shape]
    return any(not _varies_where_repeated(e, W) for e in same for W in weights)


def _entry_by_entry(func: Any) -> bool:
    """Whether an operation goes entry by entry, or takes entries to other places."""
    packet = func.overloadpacket
    return torch.Tag.pointwise in func.tags or packet in MOVING | REPEATING | COPYING or func.is_view


def _copies(packet: Any, given: list[Tensor], made: list[Made], results: list[Tensor]) -> bool:
    """Whether an operation writes units down several times, in a tensor of its own: a view shows it by its strides."""
    if not results or results[0].untyped_storage()._cdata in {one.untyped_storage()._cdata for one in given}:
        return False
    if packet in REPEATING and results[0].numel() > given[0].numel():
        return True
    return any(_repeats(one) for one, m in zip(given, made, strict=True) if m.data or m.error)


def _repeats(tensor: Tensor) -> bool:
    return any(size > 1 and not step for size, step in zip(tensor.shape, tensor.stride(), strict=True))


def _spread(given: list[Tensor], made: list[Made], out: Tensor) -> bool:
    """Whether units meet several weights each in an operation that goes entry by entry: a product in disguise."""
    weights = [one for one, m in zip(given, made, strict=True) if m.weight or m.added]
    units = [(one, m) for one, m in zip(given, made, strict=True) if m.data and not m.added]
    if not weights or not units:
        return False
    return all(one.shape != out.shape or m.repeated or any(_varies_where_repeated(one, W) for W in weights) for one, m in units)


def _as_matrices(packet: Any, made: list[Made]) -> frozenset[Sum]:
    """Sums of matrices and data that something else is multiplied with in this operation, and that are no signal in it. What
    goes into a layer, on the left of its weights, is one."""
    if packet not in LAST_TWO and packet is not aten.convolution:
        return frozenset()
    factors = made[1:3] if packet in LAST_TWO and len(made) > 2 else made[:2]
    layer = packet in LAYERS and factors[-1].weight
    return frozenset().union(*(one.added for one in factors[1 if layer else 0 :])) - own(factors)


def _names(sums: Iterable[Sum]) -> frozenset[str]:
    return frozenset(name for name, _ in sums)


def _matrices(entries: list[Tensor], made: list[Made]) -> frozenset[str]:
    """The weights among the entries of a matrix, by name: that differ along two dimensions side by side. One of units alone is
    a bias, also where there is a bias of each head, over all places."""
    found = frozenset[str]()
    for one, m in zip(entries, made, strict=False):
        varying = [n for n, (size, step) in enumerate(zip(one.shape, one.stride(), strict=True)) if size > 1 and step]
        if m.weight and len(varying) > 1 and varying[-1] - varying[0] == len(varying) - 1:
            found |= m.weights
    return found


def _varies_where_repeated(units: Tensor, W: Tensor) -> bool:
    """Whether W has several values along a dimension in which all entries of `units` are one and the same."""
    sizes = [1] * (units.dim() - W.dim()) + list(W.shape)
    steps = [0] * (units.dim() - W.dim()) + list(W.stride())
    along = zip(units.shape, units.stride(), sizes, steps, strict=False)
    return any(size > 1 and not step and w > 1 and w_step for size, step, w, w_step in along)
