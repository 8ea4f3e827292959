"""Words for the step as of which figures were measured, where their experiments have gone on since."""

from collections.abc import Iterable

import pandas as pd


def last_steps(finals: pd.DataFrame) -> dict[str, int]:
    """Experiment -> the last step at which anything of the whole network was recorded, of `Store.finals`."""
    last: dict[str, int] = {}
    for id, step in zip(finals["experiment"], finals["step"], strict=True):
        last[id] = max(last.get(id, 0), int(step))
    return last


def as_of(dated: Iterable[tuple[int, int]]) -> str:
    """ "step 414" or "steps 300 to 414" for figures of which one is older than its experiment, else nothing.

    `dated`: for each figure its step and the last step of its experiment.
    """
    pairs = list(dated)
    if all(step >= last for step, last in pairs):
        return ""
    first, final = min(step for step, _ in pairs), max(step for step, _ in pairs)
    return f"step {first:,}" if first == final else f"steps {first:,} to {final:,}"
