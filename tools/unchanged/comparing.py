"""Recordings compared to the last bit: every difference, with its size where there is one."""

import math
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from recording import Recording
from torch import Tensor

MISSING = "missing"
SUMMARISED = {  # what Results calls the angles
    "signal": "signal_angle",
    "signal_std": "signal_angle_std",
    "weight_gradient": "gradient_angle",
    "update": "update_angle",
    "feedback": "feedback_angle",
}


@dataclass
class Difference:
    """One place where two recordings differ. `share`: the difference as a share of the larger value, infinite where one is
    missing or no number; `metric`: what was measured there, if anything was."""

    experiment: str
    where: str
    before: Any
    after: Any
    share: float = math.inf
    metric: str = ""


@dataclass
class Comparison:
    """What was compared and what differs, each by kind. `any_order`: the records of one step may come in another order."""

    any_order: bool = False
    counts: Counter[str] = field(default_factory=Counter)
    differences: dict[str, list[Difference]] = field(default_factory=lambda: {"records": [], "tensors": [], "figures": []})


def same(before: Any, after: Any) -> bool:
    """Whether two values are the same to the last bit: -0.0 is not 0.0, 1 is not 1.0, and NaN is like itself."""
    if isinstance(before, float) and isinstance(after, float):
        return struct.pack("<d", before) == struct.pack("<d", after)
    return type(before) is type(after) and before == after


def apart(before: Any, after: Any) -> float:
    """The difference as a share of the larger value."""
    numbers = all(isinstance(value, (int, float)) and math.isfinite(value) for value in (before, after))
    return abs(before - after) / (max(abs(before), abs(after)) or 1.0) if numbers else math.inf


def leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All that is in nested dicts and lists, as (path, value); an empty dict or list is a value itself."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if items is None or not value:
        yield path, value
    else:
        for key, each in items:
            yield from leaves(each, (*path, str(key)))


def by_key(records: list[list[Any]]) -> dict[tuple[Any, ...], list[Any]]:
    """The [value, epoch, samples] of records by run, metric, layer, step, and which of several with these it is."""
    seen: Counter[tuple[Any, ...]] = Counter()
    found = {}
    for run, metric, layer, value, step, *rest in records:
        key = run, metric, layer, step
        found[(*key, seen[key])] = [value, *rest]
        seen[key] += 1
    return found


def compare_records(made: Comparison, name: str, before: list[list[Any]], after: list[list[Any]]) -> None:
    old, new = by_key(before), by_key(after)
    made.counts["records"] += len(old)
    for key in {**old, **new}:
        run, metric, layer, step, _ = key
        where = f"run {run}, {'' if layer is None else f'layer {layer}, '}step {step}"
        one, other = old.get(key, [MISSING]), new.get(key, [MISSING])
        if not same(one[0], other[0]):
            found = Difference(name, where, one[0], other[0], apart(one[0], other[0]), metric)
            made.differences["records"].append(found)
        elif not all(map(same, one[1:], other[1:])):
            found = Difference(name, f"epoch and samples of {metric}, {where}", one[1:], other[1:])
            made.differences["figures"].append(found)
    pairs = zip(old, new, strict=True) if old.keys() == new.keys() else ()
    moved = (
        (n, *pair) for n, pair in enumerate(pairs) if pair[0] != pair[1] and not (made.any_order and pair[0][3] == pair[1][3])
    )
    if first := next(moved, None):
        place, one, other = first
        made.differences["figures"].append(Difference(name, f"order of the records, from number {place} on", one, other))


def compare_tensors(made: Comparison, name: str, before: dict[str, Tensor], after: dict[str, Tensor]) -> None:
    made.counts["tensors"] += len(before)
    for key in {**before, **after}:
        one, other = before.get(key), after.get(key)
        if one is None or other is None:
            found = Difference(name, key, MISSING if one is None else "there", MISSING if other is None else "there")
        elif one.dtype != other.dtype or one.shape != other.shape:
            found = Difference(name, key, f"{one.dtype} {tuple(one.shape)}", f"{other.dtype} {tuple(other.shape)}")
        elif torch.equal(in_bytes(one), in_bytes(other)):
            continue
        else:
            far = (one.double() - other.double()).abs().flatten().nan_to_num(math.inf)
            place, largest = int(far.argmax()), max(one.double().abs().max().item(), other.double().abs().max().item())
            share = far.max().item() / (largest or 1.0)
            values = one.flatten()[place].item(), other.flatten()[place].item()
            found = Difference(name, f"{key}, number {place}", *values, share if math.isfinite(share) else math.inf)
        made.differences["tensors"].append(found)


def in_bytes(tensor: Tensor) -> Tensor:
    """The bytes of a tensor, one after the other."""
    return tensor.contiguous().flatten().view(torch.uint8)


def compare_figures(made: Comparison, name: str, before: Any, after: Any) -> None:
    old, new = dict(leaves(before)), dict(leaves(after))
    made.counts["figures"] += len(old)
    for path in {**old, **new}:
        one, other = old.get(path, MISSING), new.get(path, MISSING)
        if not same(one, other):
            words = [part for part in path if not part.isdecimal() and part != "all"]  # neither layer nor epoch
            last = words[-1] if words else ""
            found = Difference(name, " / ".join(path), one, other, apart(one, other), SUMMARISED.get(last, last))
            made.differences["figures"].append(found)


def compare(before: Path, after: Path, only: str, any_order: bool) -> Comparison:
    """Compare the experiments of two folders whose names hold the text `only`."""
    made = Comparison(any_order)
    names = [{path.stem for path in folder.glob("*.json") if only in path.stem} for folder in (before, after)]
    if not names[0]:
        made.differences["figures"].append(Difference(str(before), "its experiments", MISSING, len(names[1])))
    for name in sorted(names[0] | names[1]):
        if name not in names[0] & names[1]:
            one, other = ("there" if name in each else MISSING for each in names)
            made.differences["figures"].append(Difference(name, "the whole experiment", one, other))
            continue
        one, other = Recording.read(before, name), Recording.read(after, name)
        made.counts["experiments"] += 1
        compare_records(made, name, one.records, other.records)
        compare_tensors(made, name, one.tensors, other.tensors)
        compare_figures(made, name, one.figures, other.figures)
    return made
