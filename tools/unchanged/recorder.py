"""All experiments, one after the other in a folder of their own, and what is written of each."""

import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

import command_ways
import numpy as np
import page_ways
import torch
from experiments import PLAIN, plain
from made_data import make_images
from recording import Recording

import dfa_lab

ROOT = Path(dfa_lab.__file__).resolve().parents[1]  # of the version that is recorded
WAYS: dict[str, Callable[[Path], Recording]] = {
    "cli-processes": command_ways.in_processes,
    "cli-saved-and-loaded": command_ways.saved_and_loaded,
    "cli-exported-and-imported": command_ways.exported_and_imported,
    "page": page_ways.from_page,
    "page-forked": page_ways.forked,
    "page-replayed": page_ways.replayed,
    "page-continued": page_ways.continued,
    "page-trained-on": page_ways.trained_on,
}


def record(folder: Path, only: str, about: str) -> int:
    """Record the experiments whose names hold the text `only`; how many of them could not be. `about`: the file that says
    what recorded them."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [name for name in (*PLAIN, *WAYS) if only in name]
    for name in chosen:  # what an earlier recording has left
        for ending in ("json", "safetensors"):
            (folder / f"{name}.{ending}").unlink(missing_ok=True)
    versions = f"python {platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}, {platform.platform()}\n"
    (folder / about).write_text(versions, encoding="utf-8")
    print(f"Recording {ROOT}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as made:
        work = Path(made)
        furnish(work)
        with chdir(work):  # paths in settings are the same every time
            failed = sum(not recorded(name, work / name, folder) for name in chosen)
    print(f"{len(chosen) - failed} of {len(chosen)} recorded in {folder}, {time.monotonic() - began:.0f} s")
    return failed


def furnish(work: Path) -> None:
    """Put data and a network of somebody's own into the folder `work`; this process, and those that it starts, find them
    there, and the same version of the lab."""
    make_images(work / "data")
    (work / "examples").mkdir()
    (work / "examples" / "residual.py").write_bytes((ROOT / "examples" / "residual.py").read_bytes())
    os.environ |= {"DFA_LAB_DATA": str(work / "data"), "DFA_LAB_RUNS": str(work / "runs"), "PYTHONPATH": str(ROOT)}


def recorded(name: str, place: Path, folder: Path) -> bool:
    """Run an experiment in `place` and write what comes of it into `folder`; whether that went well."""
    place.mkdir()
    at = time.monotonic()
    try:
        found = plain(PLAIN[name]) if name in PLAIN else WAYS[name](place)
    except Exception:  # the others are recorded all the same
        print(f"{name} FAILED\n{traceback.format_exc()}", file=sys.stderr, flush=True)
        return False
    found.write(folder, name)
    counted = f"{len(found.records):6,} records {len(found.tensors):5,} tensors"
    print(f"{name:28} {counted} {time.monotonic() - at:6.1f} s", flush=True)
    return True
