"""The folder of runs: one for a process. Whatever is kept of a run, listed or saved under a name, is in it."""

import os
from contextlib import suppress
from pathlib import Path

VARIABLE = "DFA_LAB_RUNS"
DEFAULT = "runs"  # below where the process was started


def runs_folder() -> Path:
    """The folder that $DFA_LAB_RUNS names, else ./runs. It need not exist."""
    return Path(os.environ.get(VARIABLE) or DEFAULT)


def is_folder(name: str | Path) -> bool:
    """Whether there is a folder of this name; a name that no folder can have is none."""
    with suppress(OSError, ValueError):
        return Path(name).is_dir()
    return False


def use(folder: Path) -> None:
    """From now on it is this one, for the process and for those that it starts."""
    os.environ[VARIABLE] = str(folder)
