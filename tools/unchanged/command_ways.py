"""Experiments of the command line: in processes, saved and loaded, exported and imported."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

from experiments import SMALL, Settings
from managed_lab import PATIENCE, Lab
from recording import Recording, lasting, nameless, together, without_seconds
from safetensors import safe_open
from safetensors.torch import load, load_file

from dfa_lab import Store


def command(runs: Path, *words: str) -> str:
    """What `python -m dfa_lab` says to these words; runs are kept in `runs`."""
    environment = {**os.environ, "DFA_LAB_RUNS": str(runs)}
    line = [sys.executable, "-m", "dfa_lab", *words]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def options(settings: Settings) -> list[str]:
    """The settings as options of the command line."""
    return [word for name, value in {**SMALL, **settings}.items() for word in (f"--{name}", str(value))]


def listed(runs: Path) -> tuple[str, Recording]:
    """The only experiment of a folder of runs: its id, and what the store has of it."""
    with closing(Store(runs)) as store:
        (one,) = store.experiments()
        events = [[event.kind, nameless(event.text, [one.id])] for event in store.events(one.id)]
        figures = {"state": one.state, "sentence": one.sentence, "settings": lasting(one.settings), "events": events}
        return one.id, Recording(without_seconds(store.records(one.id)), {}, figures)


def kept(file: Path) -> Recording:
    """A trainer's state from a file of the lab."""
    with safe_open(file, framework="pt") as opened:
        numbers = json.loads((opened.metadata() or {})["dfa_lab"])
    return Recording([], load_file(file), {"numbers": lasting(numbers)})


def in_processes(place: Path) -> Recording:
    """Runs in two processes: what --json and --runs have of them."""
    json_file = place / "results.json"
    wanted = {"seeds": "0,1", "optimizer": "adam", "criterion": "ce", "processes": 2}
    command(place, "train", *options(wanted), "--json", str(json_file), "--runs", str(place), "--quiet")
    found = listed(place)[1]
    found.figures["json"] = lasting(json.loads(json_file.read_text(encoding="utf-8")))
    return found


def saved_and_loaded(place: Path) -> Recording:
    """A training with --save, then --load with more epochs, then its weights for another training."""
    first, more, anew = (place / f"{name}.json" for name in ("first", "more", "anew"))
    net = place / "saved" / "net" / "net.safetensors"
    command(place, "train", *options({"epochs": 2, "dropout": 1}), "--save", "net", "--json", str(first), "--quiet")
    after_first = kept(net)
    command(place, "train", "--load", "net", "--epoch", "4", "--json", str(more), "--quiet")
    after_more = kept(net)
    command(place, "train", "--load", "net", "--optimization", "adam", "--save", "other", "--json", str(anew), "--quiet")
    found = together(first=after_first, more=after_more, anew=kept(place / "saved" / "other" / "net.safetensors"))
    for file in (first, more, anew):
        found.figures[f"{file.stem} json"] = lasting(json.loads(file.read_text(encoding="utf-8")))
    return found


def exported_and_imported(place: Path) -> Recording:
    """A saved and listed experiment as a zip; that zip in another folder, where the experiment goes on."""
    here, there, file = place / "here", place / "there", place / "exported.zip"
    command(here, "train", *options({"epochs": 2, "seeds": "0,1"}), "--save", "net", "--runs", str(here), "--quiet")
    id, _ = listed(here)
    command(here, "export", id, "--out", str(file))
    command(there, "import", str(file))
    new, imported = listed(there)
    command(there, "resume", new, "--epoch", "3")
    with Lab(there) as page:
        return together(exported=unzipped(file), imported=imported, resumed=page.recording(new))


def unzipped(file: Path) -> Recording:
    """All of an exported zip that is not another every time."""
    found = Recording()
    with zipfile.ZipFile(file) as opened:
        contents = {name: opened.read(name) for name in opened.namelist()}
    found.figures["files"] = sorted(contents)
    for name, content in contents.items():
        if name.endswith(".safetensors"):
            found.tensors |= {f"{name}: {key}": tensor for key, tensor in load(content).items()}
        elif name in ("reproduce.py", "command.txt"):
            found.figures[name] = content.decode()
    about = json.loads(contents["experiment.json"])
    found.figures["state"], found.figures["settings"] = about["state"], lasting(about["settings"])
    found.figures["events"] = [[event["kind"], event["text"]] for event in about["events"]]
    for row in csv.DictReader(io.StringIO(contents["records.csv"].decode())):
        layer, value = row["layer"], row["value"]
        record = [int(row["run"]), row["metric"], int(layer) if layer else None, float(value) if value else None]
        found.records.append([*record, int(row["step"]), float(row["epoch"]), int(row["samples"])])
    return found
