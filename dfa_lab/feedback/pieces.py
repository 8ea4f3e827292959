"""Pieces of one parameter that meet the same units, one after the other: a matrix product in disguise.

`sum(h.roll(k, 1) * W[k] for k in range(n))` multiplies entry by entry and is a product with a matrix all the same; so is a loop
over `h[:, i] * W[o, i]`. One scale of all units, as of a whole skip, is none.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from dfa_lab.feedback.ingredients import Made

aten = torch.ops.aten
REARRANGING = {aten.roll, aten.flip, aten.index, aten.index_select, aten.gather, aten.clone, aten.constant_pad_nd, aten.cat}

View = tuple[int, tuple[int, ...], tuple[int, ...]]


class _Meeting(NamedTuple):
    """A piece of a parameter and the units that it multiplied."""

    piece: View
    part: View | None  # of the units; None: they have been rearranged, and could be any of them
    whole: bool  # one number scales all units

    def another(self, other: "_Meeting") -> bool:
        """Whether units of the one could be units of the other, which another piece multiplied."""
        same = None in (self.part, other.part) or self.part == other.part
        return self.piece != other.piece and same and not (self.whole and other.whole)


class Pieces:
    """Which pieces of a parameter each set of units has met so far, in one forward pass."""

    def __init__(self) -> None:
        self._origin: dict[int, int] = {}  # storage of rearranged units: that of the units themselves
        self._met: dict[tuple[int, int], list[_Meeting]] = {}

    def moved(self, packet: Any, given: Sequence[Tensor], results: Sequence[Tensor]) -> None:
        """Remember whose units an operation has rearranged."""
        if packet in REARRANGING and given and results:
            place = _storage(given[0])
            self._origin.setdefault(_storage(results[0]), self._origin.get(place, place))

    def several(self, given: Sequence[Tensor], made: Sequence[Made]) -> bool:
        """Whether units that are multiplied here have met another piece of this weight before."""
        found = False
        for W in (one for one, m in zip(given, made, strict=True) if m.weight):
            for units in (one for one, m in zip(given, made, strict=True) if m.data):
                found = self._again(W, units) or found
        return found

    def _again(self, W: Tensor, units: Tensor) -> bool:
        place = _storage(units)
        origin = self._origin.get(place, place)
        moved = origin != place
        whole = not W.dim() and not moved and units.numel() * units.element_size() == units.untyped_storage().nbytes()
        met = self._met.setdefault((origin, _storage(W)), [])
        one = _Meeting(_view(W), None if moved else _view(units), whole)
        again = any(one.another(before) for before in met)
        met.append(one)
        return again


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata


def _view(tensor: Tensor) -> View:
    return int(tensor.storage_offset()), tuple(tensor.shape), tuple(tensor.stride())
