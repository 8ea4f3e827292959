"""Write an experiment as one zip: the same experiment gives the same bytes."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import IO, Any

import torch

from dfa_lab.export import layout, records_table, tensorboard, weights
from dfa_lab.export.portable import portable, query
from dfa_lab.export.readme import readme
from dfa_lab.export.script import script, unknown
from dfa_lab.records import Record
from dfa_lab.runs.checkpoints import Checkpoints
from dfa_lab.runs.replay import history
from dfa_lab.runs.store.store import Event, Store, Stored
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import command
from dfa_lab.train.results import Results

Figures = Mapping[str, Callable[[dict[str, Any]], str | bytes]]  # by the names of their files: functions of a summary
EARLIEST = (1980, 1, 1, 0, 0, 0)  # the time of every file in the zip


class ExportError(Exception):
    """What cannot be exported; the text says why."""


@dataclass(frozen=True)
class Source:
    """Where experiments are; `look` and `records` are the manager's, or None where there is only the store."""

    store: Store
    checkpoints: Checkpoints
    look: Callable[..., Any] | None = None
    records: Callable[[str], list[Record]] | None = None

    def stored(self, id: str) -> tuple[Stored, Experiment]:
        """Raises ExportError."""
        found = self.store.get(id)
        if found is None:
            raise ExportError(f"There is no experiment {id!r} here: the page Experiments shows the id of each.")
        if found.experiment is None:
            raise ExportError("Its settings are those of another version of the lab, which alone can export it.")
        return found, found.experiment


def summary(source: Source, id: str) -> dict[str, Any]:
    """What `python -m dfa_lab train --json` would have written. Raises ExportError."""
    stored, experiment = source.stored(id)
    return _summary(stored, experiment, (source.records or source.store.records)(id))


def _summary(stored: Stored, experiment: Experiment, records: list[Record]) -> dict[str, Any]:
    results = Results(portable(experiment), torch.device("cpu"))
    for _, measured in groupby(records, key=lambda record: record.step):  # as the trainer gave them
        results.add(measured)
    made = results.summary() | {"versions": stored.versions}
    device = experiment.device  # as set; which GPU it was is not kept
    made["device"] = {"name": device, "title": {"cpu": "CPU", "auto": "Chosen by the lab"}.get(device, device)}
    failed = stored.state == "failed" and stored.sentence
    return made | ({"failed": stored.sentence} if failed else {})


def write(source: Source, id: str, file: IO[bytes], figures: Figures, link: str = "") -> dict[str, Any]:
    """Write the zip of an experiment; gives its manifest. `link`: leads to it on this server.

    Raises ExportError, and OSError of the file.
    """
    stored, experiment = source.stored(id)
    look = source.look
    found = weights.latest(
        experiment, id, source.checkpoints, source.store.folder, look and (lambda function: look(id, function))
    )
    records = (source.records or source.store.records)(id)  # after the weights: they reach at least as far
    events = source.store.events(id)
    changed = history.by_hand(events, experiment)
    strange = unknown(experiment, changed)
    made = _summary(stored, experiment, records)
    frame = records_table.table(experiment, records)
    shared = portable(experiment)
    files: dict[str, bytes] = {
        layout.EXPERIMENT: _json(_about(stored, shared, events)),
        layout.COMMAND: f"{command(shared)}\n\n{link or 'Behind the address of a lab: ?' + query(shared)}\n".encode(),
        layout.CSV: records_table.csv(frame),
        layout.PARQUET: records_table.parquet(frame),
    }
    if not strange:
        files[layout.SCRIPT] = script(experiment).encode()
    for name, figure in figures.items():
        content = figure(made)
        files[name] = content.encode() if isinstance(content, str) else content
    abouts = dict(layout.ABOUT)
    for number, (step, tensors) in enumerate(found.runs or []):
        rule, seed = experiment.runs()[number]
        name = layout.weights_name(number, rule, seed)
        files[name] = weights.as_file(tensors, {"rule": rule, "seed": seed, "step": step})
        abouts[name] = layout.ABOUT_WEIGHTS.format(run=number, rule=rule, seed=seed, step=step)
    for (rule, seed), (name, content) in zip(
        experiment.runs(), tensorboard.files(experiment, records, stored.created).items(), strict=True
    ):
        files[name], abouts[name] = content, layout.ABOUT_EVENTS.format(rule=rule, seed=seed)
    if found.state:
        tensors, numbers = found.state
        numbers = {**numbers, "experiment": shared.model_dump(mode="json")}
        files[layout.STATE] = weights.as_file(tensors, numbers)
    left_out = bool(source.store.left_out([id]))
    files[layout.README] = readme(
        stored, shared, {name: abouts[name] for name in abouts if name in files}, found.source, strange, left_out
    )
    order = [name for name in abouts if name in files]
    manifest = {
        "format": layout.FORMAT,
        "version": layout.VERSION,
        "id": id,
        "weights": found.source,
        "script": strange or layout.SCRIPT,
        "files": {
            name: {"sha256": hashlib.sha256(files[name]).hexdigest(), "bytes": len(files[name]), "about": abouts[name]}
            for name in order
        },
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in {layout.MANIFEST: _json(manifest), **{name: files[name] for name in order}}.items():
            one = zipfile.ZipInfo(name, EARLIEST)
            one.compress_type = zipfile.ZIP_DEFLATED
            one.external_attr = 0o644 << 16
            zipped.writestr(one, content)
    return manifest


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def _about(stored: Stored, shared: Experiment, events: list[Event]) -> dict[str, Any]:
    return {
        "id": stored.id,
        "title": stored.title,
        "state": stored.state,
        "sentence": stored.sentence,
        "created": stored.created,
        "finished": stored.finished,
        "name": stored.name,
        "note": stored.note,
        "tags": stored.tags,
        "colour": stored.colour,
        "versions": stored.versions,
        "settings": shared.model_dump(mode="json"),
        "events": [event._asdict() for event in events],
    }
