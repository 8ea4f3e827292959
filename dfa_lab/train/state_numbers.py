"""The numbers beside a saved state's tensors: whether they are such as a training writes down. Some come from elsewhere."""

from collections.abc import Callable, Mapping
from typing import Any

MOST = 2**53  # of a count
LARGEST = 1e300  # of an amount


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MOST


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= LARGEST


def _is_schedule(value: Any) -> bool:
    return isinstance(value, dict) and _is_count(value["halvings"]) and _is_number(value["mean_error"])


def _is_change(value: Any) -> bool:
    return isinstance(value, dict) and _is_count(value["step"]) and _is_number(value.get("learning_rate", 0))


def _all(is_such: Callable[[Any], bool], value: Any) -> bool:
    return isinstance(value, list) and all(map(is_such, value))


def check(numbers: Mapping[str, Any], runs: int, steps: int = MOST) -> None:
    """For a training of so many runs and at most so many steps. Raises ValueError or LookupError where no training has such."""
    right = {
        "step": _is_count(numbers["step"]) and numbers["step"] <= steps,
        "samples": _is_count(numbers["samples"]),
        "learning_rate": _is_number(numbers["learning_rate"]) and numbers["learning_rate"] >= 0,
        "seconds": _all(_is_number, numbers["seconds"]) and len(numbers["seconds"]) == runs,
        "schedules": _all(_is_schedule, numbers["schedules"]) and len(numbers["schedules"]) == runs,
        "recorded": _is_count(numbers["recorded"]),
        "wrong": _all(_is_number, numbers["wrong"]) and len(numbers["wrong"]) == runs,
        "failed": _are_failed(numbers.get("failed", {}), runs),  # this one and those below are not in those of an earlier lab
        "redraws": _is_count(numbers.get("redraws", 0)),
        "changes": _all(_is_change, numbers.get("changes", [])),
    }
    right["recorded"] = right["recorded"] and right["samples"] and numbers["recorded"] <= numbers["samples"]
    if wrong := [name for name, is_right in right.items() if not is_right]:
        raise ValueError(f"{', '.join(wrong)} of the state")


def _are_failed(value: Any, runs: int) -> bool:
    numbers = {str(number) for number in range(runs)}
    return isinstance(value, dict) and value.keys() < numbers and all(isinstance(one, str) for one in value.values())
