"""Check what was read from files before anything is trained on it."""

from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.errors import DataError
from dfa_lab.data.folder import ALWAYS_THERE, shown


def verify(arrays: Arrays, facts: Facts, folder: Path, incomplete: bool) -> None:
    """Raise DataError if counts, shapes or labels do not fit together; unless `incomplete`, if the counts are not those
    that `facts` has as published, too."""
    for part, x, y in (("training", arrays.x_train, arrays.y_train), ("test", arrays.x_test, arrays.y_test)):
        if why := _wrong(part, x, y, facts):
            raise DataError(
                f"{facts.title} in {shown(folder)} cannot be used because {why}: "
                f"replace its files with the published ones, or {ALWAYS_THERE}."
            )
    there, published = (len(arrays.x_train), len(arrays.x_test)), (facts.train, facts.test)
    if there != published and not incomplete:
        raise DataError(
            f"{facts.title} in {shown(folder)} is not the published set, which has {counts(*published)}: it has "
            f"{counts(*there, facts)}, so replace its files, take it as it is with --incomplete (in the page: Take an "
            f"incomplete data set), or {ALWAYS_THERE}."
        )


def counts(train: int, test: int, facts: Facts | None = None) -> str:
    """ "60,000 training and 10,000 test images"; without `facts` no word for what is counted."""
    return f"{train:,} training and {test:,} test" + (f" {facts.samples}" if facts else " ones")


def shortfall(published: Facts, there: Facts | None) -> str:
    """A sentence where the numbers of samples that were read are not those that were published, else nothing.

    Both before a part is held out or left out; `there` None: nothing was read from files.
    """
    if there is None or (there.train, there.test) == (published.train, published.test):
        return ""
    known = counts(published.train, published.test)
    return f"{there.title} is incomplete here: {counts(there.train, there.test, there)}, where there should be {known}."


def _wrong(part: str, x: np.ndarray, y: np.ndarray, facts: Facts) -> str:
    if len(x) != len(y):
        return f"it has {len(x)} {part} {facts.samples} but {len(y)} labels"
    if len(x) == 0:
        return f"it has no {part} {facts.samples}"
    if x.shape[1:] != facts.shape:
        return f"its {part} {facts.samples} have the shape {x.shape[1:]} and not {facts.shape}"
    if y.min() < 0 or y.max() >= facts.classes:
        odd = y.max() if y.max() >= facts.classes else y.min()
        return f"its {part} labels hold {odd} where 0 to {facts.classes - 1} are possible"
    if part == "training" and y.min() == y.max():
        return f"all its training {facts.samples} are of the one class {y.min()} and there is nothing to tell apart"
    return ""
