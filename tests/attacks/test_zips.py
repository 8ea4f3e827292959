"""Zips that nobody exported: a few of `make attacks`, and an example of each that once did harm."""

import json
import zipfile
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.torch import save_file

from dfa_lab.export import layout, records_table
from dfa_lab.export.import_zip import take
from dfa_lab.export.unpack import ImportProblem
from dfa_lab.runs.checkpoints import Checkpoints
from dfa_lab.settings.parsing import parse
from dfa_lab.train.checkpoint import CheckpointError
from dfa_lab.train.trainer import Trainer
from tests.attacks import importing
from tests.attacks.mutated_zips import mutated
from tests.attacks.mutations import MUTATIONS
from tests.attacks.outcome import sentence_fault
from tests.export.zips import SETTINGS, contents, edited, places, rewritten, trained, zipped


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    store, checkpoints, _ = trained(tmp_path_factory.mktemp("runs"), seeds="0", rules="bp,dfa")
    with closing(store):
        return zipped(store, checkpoints)


def refused(zip: bytes, folder: Path) -> str:
    store, checkpoints = places(folder)
    with closing(store):
        with pytest.raises(ImportProblem) as caught:
            take(BytesIO(zip), store, checkpoints)
        assert store.experiments() == [] and not list(folder.glob("import-*/"))
    assert sentence_fault(str(caught.value), str(folder)) == ""
    return str(caught.value)


def test_mutated_zips_are_refused_with_a_sentence_or_imported_soundly() -> None:
    outcome = importing.attack(len(MUTATIONS), seed=1)
    assert outcome.faults == []
    assert sum(outcome.counted.values()) == len(MUTATIONS)
    assert outcome.counted["refused"] > 20 and outcome.counted["imported, goes on"] >= 3


def test_the_same_seed_makes_the_same_zips(raw: bytes) -> None:
    some = [mutated(raw, number, 5) for number in range(8)]
    assert some == [mutated(raw, number, 5) for number in range(8)]
    assert [name for name, _ in some] == list(MUTATIONS)[:8] and all(made != raw for _, made in some)


@pytest.mark.parametrize("said", ["No stop", "TypeError: x.", "", "Two\nlines.", "Kept in /srv/runs.", "x" * 700 + "."])
def test_what_is_no_sentence_is_found(said: str) -> None:
    assert sentence_fault(said, "/srv/runs") != ""


@pytest.mark.parametrize("row", [b"," * 10**6, b"0" * 10**6, b'"' + b"\n" * 10**6])
@pytest.mark.parametrize("head", [True, False])
def test_a_line_of_a_million_commas(
    row: bytes, head: bool, raw: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Took pandas minutes, and as many columns of memory."""
    monkeypatch.setattr("pandas.read_csv", lambda *_, **__: pytest.fail("pandas reads it"))
    said = refused(
        rewritten(raw, {layout.CSV: b",".join(name.encode() for name in records_table.COLUMNS) * head + b"\n" + row}), tmp_path
    )
    assert layout.CSV in said


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_another_way_of_packing(method: int, raw: bytes, tmp_path: Path) -> None:
    """What is damaged was told as a fault of the disk (bzip2) or not as a sentence (LZMA, which may ask for gigabytes)."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", method) as one:
        for name, content in contents(raw).items():
            one.writestr(name, content)
    assert "packed by a method that the lab does not use" in refused(file.getvalue(), tmp_path)


def test_a_time_that_no_float_can_hold(raw: bytes, tmp_path: Path) -> None:
    assert "is no time" in refused(edited(raw, layout.EXPERIMENT, created=10**400), tmp_path)


WRONG = {
    "wrong": 0.5,
    "recorded": "x",
    "samples": [],
    "seconds": [0.0],
    "learning_rate": float("nan"),
    "schedules": [{"halvings": -(10**9), "mean_error": 1.0, "ended": False}] * 2,
    "failed": {"0": "x", "1": "y"},
    "changes": 7,
    "redraws": "2",
    "step": -1,
}


def with_numbers(raw: bytes, tmp_path: Path, numbers: str) -> bytes:
    """The zip with such numbers in its state."""
    path = tmp_path / "state"
    path.write_bytes(contents(raw)[layout.STATE])
    with safe_open(path, framework="pt") as file:
        save_file({name: file.get_tensor(name) for name in file.keys()}, path, metadata={"dfa_lab": numbers})  # noqa: SIM118
    return rewritten(raw, {layout.STATE: path.read_bytes()})


def numbers_of(raw: bytes, tmp_path: Path) -> dict:
    (tmp_path / "state").write_bytes(contents(raw)[layout.STATE])
    with safe_open(tmp_path / "state", framework="pt") as file:
        return json.loads(file.metadata()["dfa_lab"])


@pytest.mark.parametrize("name", WRONG)
def test_numbers_of_a_state_that_no_training_has(name: str, raw: bytes, tmp_path: Path) -> None:
    """Were imported, and failed in the middle of a step with the program's own words."""
    wrong = json.dumps(numbers_of(raw, tmp_path) | {name: WRONG[name]})
    assert "state.safetensors in the zip is damaged" in refused(with_numbers(raw, tmp_path, wrong), tmp_path / "runs")
    trainer = Trainer(parse(SETTINGS | {"seeds": "0", "rules": "bp,dfa"}))
    tensors, numbers = trainer.state()
    with pytest.raises(ValueError, match=f"{name}.* of the state"):
        trainer.restore(tensors, {**numbers, name: WRONG[name]})


def test_numbers_of_a_state_in_a_hundred_thousand_lists(raw: bytes, tmp_path: Path) -> None:
    """Python's own limit of nesting was no fault of the file."""
    deep = with_numbers(raw, tmp_path, "[" * 100_000)
    assert "state.safetensors in the zip is damaged" in refused(deep, tmp_path / "runs")
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "a.safetensors").write_bytes(contents(deep)[layout.STATE])
    for look in (
        lambda: Checkpoints(tmp_path / "checkpoints").step("a", parse(SETTINGS)),
        lambda: Checkpoints(tmp_path / "checkpoints").load("a"),
    ):
        with pytest.raises(CheckpointError):
            look()
