"""Where saved runs lie: one folder a name, in the folder `saved` of the folder of runs.

Written by saving.py: net.safetensors (weights, feedback, the optimiser's state), results.json (as --json writes it) and
progress.json (what the results of a run that goes on depend on).
"""

import re
from collections.abc import Sequence
from pathlib import Path

from dfa_lab.machine.runs_folder import runs_folder
from dfa_lab.settings.experiment import SettingsError, loads_nothing
from dfa_lab.settings.wording import allowed, label, refuse, shown

FOLDER, NET = "saved", "net.safetensors"
SHOWN = 10  # names that a sentence lists


def root(runs: Path | None = None) -> Path:
    """The folder of all saved runs; it need not exist. `runs`: the folder of runs, None: that of this process."""
    return (runs or runs_folder()) / FOLDER


def folder(name: str, runs: Path | None = None) -> Path:
    """The folder of a saved run, or of one that is to be; it need not exist. `runs`: as for `root`."""
    return root(runs) / name


def names() -> list[str]:
    """The runs that can be loaded, sorted."""
    try:
        return sorted(path.parent.name for path in root().glob(f"*/{NET}"))
    except OSError:
        return []


def net(name_or_file: str) -> Path:
    """The file of a saved net, of which only the place has been looked at. Raises SettingsError if there is none."""
    if name_or_file.lower().endswith(".safetensors"):
        path = Path(name_or_file)
    elif re.search(r"[/\\:\0]", name_or_file) or name_or_file.startswith("."):
        raise SettingsError([refuse("load", name_or_file, allowed("load"))])
    else:
        path = folder(name_or_file) / NET
    try:
        if path.is_file():
            return path
    except (OSError, ValueError):  # a name that no file can have
        pass
    there = names()
    if path.suffix.lower() == ".safetensors" and path.name != NET:
        known = "there is no such file"
    elif there:
        known = "there is no such run; saved are " + ", ".join(there[:SHOWN]) + (", …" if len(there) > SHOWN else "")
    else:
        known = f"there is no such run; none is saved in {shown(root(), 120)}"
    raise SettingsError([f"{label('load')} is {shown(name_or_file, 120)}: {known}."])


def claim(name: str, continued: Path | None, taken: Sequence[str] = (), runs: Path | None = None) -> None:
    """Raises SettingsError if the name is `taken`, is that of another run than the one in the file `continued`, or is one that
    could not be loaded.

    `runs`: as for `root`.
    """
    kept = folder(name, runs) / NET
    same = continued is not None and continued.exists() and kept.exists() and kept.samefile(continued)
    if not same and loads_nothing(name):
        raise SettingsError([_not_loaded(name, "asks for new weights")])
    if not same and name.lower().endswith(".safetensors"):
        raise SettingsError([_not_loaded(name, "is taken for the name of a file")])
    if name in taken or (kept.exists() and not same):
        reason = f"a run of this name is kept already; give another name, or continue it with --load {name}"
        raise SettingsError([f"{label('save')} is {shown(name, 120)}: {reason}."])


def _not_loaded(name: str, reason: str) -> str:
    return f"{label('save')} is {shown(name, 120)}: --load {shown(name, 120)} {reason}, so give another name."
