"""An experiment of a few steps, its zip, and zips that differ from it in one thing."""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from dfa_lab.export.package import Source, write
from dfa_lab.runs.checkpoints import Checkpoints
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.parsing import parse
from dfa_lab.train.trainer import Trainer

ID = "0123abcdef"
SETTINGS = {
    "rules": "bp,fa,dfa",
    "seeds": "0,1",
    "num_hidden": 6,
    "epochs": 3,
    "batch_size": 400,
    "probe_size": 8,
    "device": "cpu",
}


def places(folder: Path) -> tuple[Store, Checkpoints]:
    return Store(folder), Checkpoints(folder / "checkpoints")


def trained(folder: Path, steps: int = 6, **settings: object) -> tuple[Store, Checkpoints, Trainer]:
    """A store with the experiment ID, stopped after so many steps, with its checkpoint."""
    store, checkpoints = places(folder)
    trainer = Trainer(parse(SETTINGS | settings))
    store.create(ID, trainer.experiment, title="Some title")
    for _ in range(steps):
        store.add_records(ID, next(trainer))
    store.update(ID, name="First", note="A note.", tags=("a", "b"), colour="#102030")
    store.add_event(ID, "running", "")
    store.set_state(ID, "stopped", "Stopped by hand.")
    assert checkpoints.save(ID, trainer)
    return store, checkpoints, trainer


def zipped(store: Store, checkpoints: Checkpoints) -> bytes:
    file = BytesIO()
    write(Source(store, checkpoints), ID, file, {})
    return file.getvalue()


def contents(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(raw)) as one:
        return {name: one.read(name) for name in one.namelist()}


def rewritten(raw: bytes, changes: Mapping[str, bytes | None], manifest: Mapping[str, Any] | None = None) -> bytes:
    """The zip with other contents of these files (None: without them), and a manifest that says so."""
    files = {name: content for name, content in {**contents(raw), **changes}.items() if content is not None}
    if "manifest.json" in files and "manifest.json" not in changes:
        told = json.loads(files["manifest.json"])
        told["files"] = {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "about": ""}
            for name, content in files.items()
            if name != "manifest.json"
        }
        files["manifest.json"] = json.dumps(told | dict(manifest or {})).encode()
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as one:
        for name, content in files.items():
            one.writestr(name, content)
    return file.getvalue()


def edited(raw: bytes, name: str, /, **changes: object) -> bytes:
    """The zip with other values in one of its JSON files."""
    return rewritten(raw, {name: json.dumps(json.loads(contents(raw)[name]) | changes).encode()})
