"""The zip: what is in it is what was measured and trained, and it can be gone on from elsewhere, bit for bit."""

import hashlib
import json
import time
from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load

from dfa_lab.export import layout, weights
from dfa_lab.export.import_zip import take
from dfa_lab.export.package import ExportError, Source, summary, write
from dfa_lab.runs.manager import Manager
from dfa_lab.settings.parsing import parse
from dfa_lab.train.results import Results
from dfa_lab.train.trainer import Trainer
from tests.export.zips import ID, SETTINGS, contents, places, trained, zipped


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    store, checkpoints, trainer = trained(tmp_path_factory.mktemp("runs"))
    yield store, checkpoints, trainer, zipped(store, checkpoints)
    store.close()


def test_every_file_is_in_the_manifest_with_its_checksum_and_in_the_readme(made) -> None:
    files = contents(made[-1])
    manifest = json.loads(files.pop("manifest.json"))
    assert (manifest["format"], manifest["version"]) == (layout.FORMAT, layout.VERSION)
    assert list(manifest["files"]) == list(files)
    for name, content in files.items():
        assert manifest["files"][name]["sha256"] == hashlib.sha256(content).hexdigest()
        assert name in files["README.txt"].decode() and 0 < len(content) <= layout.largest(name)
    weighed = [name for name in files if layout.WEIGHTS.fullmatch(name)]
    assert len(weighed) == 6 and "from its checkpoint, after step 6" in manifest["weights"]
    assert "--batchSize 400" in files["command.txt"].decode() and "batch_size=400" in files["command.txt"].decode()
    compile(files["reproduce.py"], "reproduce.py", "exec")


def test_the_same_experiment_gives_the_same_bytes(made) -> None:
    store, checkpoints, _, before = made
    assert zipped(store, checkpoints) == before


def test_the_tables_hold_every_record_to_the_last_digit(made) -> None:
    store, _, trainer, raw = made
    files, records = contents(raw), store.records(ID)
    assert len(records) > 50
    for table in (
        pd.read_parquet(BytesIO(files[layout.PARQUET])),
        pd.read_csv(BytesIO(files[layout.CSV])),
    ):
        assert len(table) == len(records)
        for row, record in zip(table.to_dict("records"), records, strict=True):
            assert trainer.experiment.runs()[record.run] == (row["rule"], row["seed"])
            for name, value in record._asdict().items():
                assert pd.isna(row[name]) if value is None else row[name] == value


def test_weights_and_feedback_are_those_of_the_networks(made) -> None:
    _, _, trainer, raw = made
    files = contents(raw)
    for number, ((rule, seed), run) in enumerate(zip(trainer.experiment.runs(), trainer.runs, strict=True)):
        found = load(files[layout.weights_name(number, rule, seed)])
        theirs = {f"network.{name}": t for name, t in run.network.state_dict().items()}
        theirs |= {f"rule.{name}": t for name, t in run.rule.state_dict().items()}
        assert found.keys() == theirs.keys() and len(found) >= 6
        assert all(torch.equal(found[name], theirs[name]) for name in found)


def test_an_import_goes_on_as_if_it_had_never_left(made, tmp_path: Path) -> None:
    store, checkpoints, trainer, raw = made
    other, theirs = places(tmp_path)
    taken = take(BytesIO(raw), other, theirs)
    assert taken.id == ID and taken.notes == ()
    before, after = store.get(ID), other.get(ID)
    assert before and after and after.experiment == before.experiment
    assert (after.name, after.note, after.tags, after.colour) == ("First", "A note.", ("a", "b"), "#102030")
    for name in ("versions", "title", "state", "sentence", "created", "finished"):
        assert getattr(after, name) == getattr(before, name)
    assert other.records(ID) == store.records(ID) and other.events(ID) == store.events(ID)
    assert after.experiment and theirs.step(ID, after.experiment) == trainer.step == 6
    resumed, kept = theirs.load(ID), checkpoints.load(ID)
    for one in (resumed, kept):
        for _ in one:
            pass
    for mine, original in zip(resumed.runs, kept.runs, strict=True):
        assert all(torch.equal(t, original.tensors()[name]) for name, t in mine.tensors().items())
    other.close()


def test_the_summary_is_that_of_the_training(tmp_path: Path) -> None:
    store, checkpoints, trainer = trained(tmp_path, steps=12, seeds="0")
    results, again = Results(trainer.experiment, trainer.device), Trainer(trainer.experiment)
    for records in again:
        results.add(records)
    ours, theirs = summary(Source(store, checkpoints), ID)["runs"], results.summary()["runs"]
    assert len(ours[0]["epochs"]) == 3
    for run in (*ours, *theirs):
        for row in (run, *run["epochs"]):
            row.pop("seconds")
    assert ours == theirs
    store.close()


def test_what_names_files_of_this_machine_stays_here(tmp_path: Path) -> None:
    secret = str(tmp_path / "secret")
    store, checkpoints, _ = trained(tmp_path, datapath=secret, preproc_folder=secret, models_folder=secret, save="mine")
    raw = zipped(store, checkpoints)
    assert not [name for name, content in contents(raw).items() if secret.encode() in content]
    other, theirs = places(tmp_path / "other")
    after = other.get(take(BytesIO(raw), other, theirs).id)
    assert after and after.experiment and after.experiment == parse(SETTINGS) and theirs.step(ID, after.experiment) == 6
    store.close()
    other.close()


def test_without_weights_the_manifest_says_so(tmp_path: Path) -> None:
    store, checkpoints, _ = trained(tmp_path)
    checkpoints.remove(ID)
    files = contents(zipped(store, checkpoints))
    assert json.loads(files["manifest.json"])["weights"] == weights.NONE and weights.NONE in files["README.txt"].decode()
    assert not [name for name in files if name.endswith("safetensors")]
    store.close()


def test_a_saved_run_has_them_too(tmp_path: Path) -> None:
    store, checkpoints, trainer = trained(tmp_path, save="mine")
    (tmp_path / "saved" / "mine").mkdir(parents=True)
    checkpoints.write(tmp_path / "saved" / "mine" / "net.safetensors", trainer)
    checkpoints.remove(ID)
    files = contents(zipped(store, checkpoints))
    assert "from the saved run mine, after step 6" in files["manifest.json"].decode() and layout.STATE in files
    store.close()


@pytest.mark.parametrize("large", [False, True])
def test_networks_in_memory_are_looked_at(large: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large ones run by run, without a state; what is imported of them is kept beside and exported again."""
    if large:
        monkeypatch.setattr(weights, "AT_ONCE", 100)
    manager = Manager(tmp_path / "here")
    id = manager.start(parse(SETTINGS | {"epochs": 1000}))
    over = time.monotonic() + 120
    while (manager.status(id) or pytest.fail()).step < 3:
        assert time.monotonic() < over
        time.sleep(0.01)
    manager.pause(id)
    step = manager.look(id, lambda trainer: trainer.step)
    file = BytesIO()
    source = Source(manager.store, manager.checkpoints, manager.look, manager.records)
    manifest = write(source, id, file, {})
    assert manifest["weights"].startswith("from the networks in memory")
    assert (layout.STATE in manifest["files"]) is not large
    name = layout.weights_name(1, "fa", 0)
    tensors = contents(file.getvalue())[name]
    W = manager.look(id, lambda trainer: trainer.runs[1].network.readout.weight.detach().clone())
    assert torch.equal(load(tensors)["network.readout.weight"], W)
    assert f"after step {step}" in manifest["files"][name]["about"]
    manager.close()
    other, theirs = places(tmp_path / "there")
    taken = take(file, other, theirs)
    stored = other.get(taken.id)
    assert stored and stored.state == "stopped" and "active" in stored.sentence
    if large:
        with safe_open(theirs.beside(taken.id) / Path(name).name, framework="pt") as kept:
            assert torch.equal(kept.get_tensor("network.readout.weight"), W)
        again = BytesIO()
        assert "import" in write(Source(other, theirs), taken.id, again, {})["weights"]
        assert contents(again.getvalue())[name] == tensors
        theirs.remove(taken.id)
        assert not theirs.beside(taken.id).exists()
    other.close()


def test_what_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    store, checkpoints = places(tmp_path)
    with pytest.raises(ExportError, match="no experiment 'nothing'"):
        write(Source(store, checkpoints), "nothing", BytesIO(), {})
    store.close()
