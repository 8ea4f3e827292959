"""The folder that holds the data sets, and the sentences for what can be wrong with it."""

import os
from collections.abc import Sequence
from pathlib import Path

from dfa_lab.data.about import Facts
from dfa_lab.data.errors import DataError

ALWAYS_THERE = "choose digits, which is always there"
LONGEST_PATH = 300


def root(datapath: str) -> Path:
    """The data folder: `datapath` if given, else $DFA_LAB_DATA, else ./Datasets; it need not exist."""
    text = datapath or os.environ.get("DFA_LAB_DATA") or "Datasets"
    try:
        return Path(text).expanduser()
    except RuntimeError:  # ~name of a user that this machine does not know
        return Path(text)


def holds(folder: Path, names: Sequence[str]) -> bool:
    """Whether every file of `names` (relative to `folder`) is there; nothing is read, no error is raised."""
    return missing(folder, names) is None


def missing(folder: Path, names: Sequence[str]) -> str | None:
    """The first of `names` that is not a file in `folder`, or None."""
    return next((name for name in names if not os.path.isfile(folder / name)), None)  # noqa: PTH113 (Path.is_file raises)


def shown(path: Path) -> str:
    """A path for a sentence: absolute, on one line, not endless."""
    text = "".join(c if c.isprintable() else "?" for c in os.path.abspath(path))  # noqa: PTH100 (as typed, links kept)
    return text if len(text) <= LONGEST_PATH else text[: LONGEST_PATH - 1] + "…"


def how_to_get(facts: Facts) -> str:
    """What to do when a set is missing, to end a sentence with."""
    return (
        f"fetch it with --download (in the page: tick Download; {facts.megabytes} MB), "
        f"name the folder that holds it with --datapath, or {ALWAYS_THERE}"
    )


def require(folder: Path, facts: Facts, names: Sequence[str]) -> None:
    """Raise DataError that says why the files `names` of a set cannot be had from `folder`."""
    where = shown(folder)
    try:
        with os.scandir(folder) as entries:
            empty = next(entries, None) is None
        if empty:
            raise DataError(f"{facts.title} is not there because the data folder {where} is empty: {how_to_get(facts)}.")
        if name := missing(folder, names):
            (folder / name).stat()
            raise DataError(f"{facts.title} cannot be read because {where}/{name} is not a file: {how_to_get(facts)}.")
    except FileNotFoundError as error:
        if not os.path.lexists(folder):
            raise DataError(f"{facts.title} is not there because {where} does not exist: {how_to_get(facts)}.") from error
        gap = missing(folder, names)
        raise DataError(f"{facts.title} is not in the data folder {where} ({gap} is missing): {how_to_get(facts)}.") from error
    except (OSError, ValueError) as error:
        raise unusable(folder, facts, error) from error


def unusable(folder: Path, facts: Facts, error: OSError | ValueError) -> DataError:
    """What to raise when the system refuses `folder` or a file in it."""
    if isinstance(error, NotADirectoryError) and os.path.isfile(folder):  # noqa: PTH113
        return DataError(
            f"{facts.title} cannot be read because {shown(folder)} is a file: "
            f"name the folder that holds the data sets with --datapath, or {ALWAYS_THERE}."
        )
    if isinstance(error, ValueError) or not error.strerror:
        reason, place = "no valid path", shown(folder)
    else:
        reason = error.strerror.lower()
        place = shown(Path(os.fsdecode(error.filename))) if isinstance(error.filename, str | bytes) else shown(folder)
    return DataError(
        f"{facts.title} cannot be read from {place} ({reason}): "
        f"make it readable for you, name another folder with --datapath, or {ALWAYS_THERE}."
    )


def damaged(path: Path, facts: Facts, why: str) -> DataError:
    """What to raise for a file that is there but is not what it should be; `why` goes into brackets."""
    return DataError(
        f"{facts.title} cannot be used because {shown(path)} is damaged or incomplete ({why}): "
        f"delete it and fetch the set again with --download (in the page: tick Download; {facts.megabytes} MB), "
        f"or {ALWAYS_THERE}."
    )
