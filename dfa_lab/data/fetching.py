"""Download a set with torchvision, which knows the addresses and checksums."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dfa_lab.data.about import Facts
from dfa_lab.data.errors import DataError
from dfa_lab.data.folder import ALWAYS_THERE, holds, require, shown, unusable

# In a process of its own: torchvision prints its progress, and the time limit on sockets holds for a whole process.
SCRIPT = """
import socket, sys
socket.setdefaulttimeout(10)
from torchvision import datasets
folder, name, *splits = sys.argv[1:]
for options in [{"split": split} for split in splits] or [{}]:
    getattr(datasets, name)(folder, download=True, **options)
"""


def obtain(
    folder: Path, download: bool, facts: Facts, names: Sequence[str], torchvision: str, splits: Sequence[str] = ()
) -> None:
    """See to it that the files `names` are in `folder`.

    `torchvision` names the class that downloads them, `splits` the parts to ask it for where it has such.
    Raises DataError if they are not there and may not or cannot be downloaded.
    """
    if holds(folder, names):
        return
    if not download:
        require(folder, facts, names)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Beside the other sets, so that the finished files are moved in at once and a broken download leaves nothing.
        with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as part:
            _fetch(Path(part), folder, facts, names, [torchvision, *splits])
            for name in names:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (Path(part) / name).replace(folder / name)
    except FileExistsError as error:
        raise unusable(folder, facts, NotADirectoryError(error.errno, "Not a directory", str(folder))) from error
    except PermissionError as error:
        raise DataError(
            f"{facts.title} cannot be downloaded because {shown(folder)} may not be written to: "
            f"name a folder of your own with --datapath, or {ALWAYS_THERE}."
        ) from error
    except (OSError, ValueError) as error:
        raise unusable(folder, facts, error) from error


def _fetch(part: Path, folder: Path, facts: Facts, names: Sequence[str], arguments: Sequence[str]) -> None:
    command = [sys.executable, "-P", "-c", SCRIPT, str(part), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL, check=False)
    if done.returncode == 0 and holds(part, names):
        return
    wanted = dict.fromkeys(name.split("/")[0] for name in names)
    copy = f"copy {' and '.join(wanted)} into {shown(folder)} from another machine"
    if "No space left" in done.stderr:
        free = shutil.disk_usage(folder).free // 10**6
        size = f"{facts.megabytes} MB, and more once they are unpacked"
        why, remedy = f"the disk has no room for it (it takes {size}; {free} MB are free now)", "make room on it"
    elif "No module named" in done.stderr:
        why, remedy = "torchvision is not installed", "install what requirements.txt lists"
    elif "corrupted" in done.stderr or done.returncode == 0:
        why, remedy = "what arrived does not have the right checksum", "try again later"
    else:
        why, remedy = "its servers could not be reached", "check this machine's connection to the internet"
    raise DataError(f"{facts.title} could not be downloaded because {why}: {remedy}, {copy}, or {ALWAYS_THERE}.")
