"""What an import may take: of the quota, of the disk, and of what the settings call for; and what a killed one leaves."""

from collections import namedtuple
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save

from dfa_lab.export import layout
from dfa_lab.export.called_for import StrangeTensor, called_for
from dfa_lab.export.import_zip import take
from dfa_lab.export.unpack import ImportProblem
from dfa_lab.machine import memory
from dfa_lab.runs.limits import Limits
from dfa_lab.runs.lives import Lives
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.promises import Promises
from dfa_lab.runs.quota import EachOwner, Quota
from dfa_lab.runs.shares import Shares
from dfa_lab.settings.parsing import parse
from dfa_lab.train.trainer import Trainer
from tests import children
from tests.export.zips import ID, SETTINGS, contents, places, rewritten, trained, zipped

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    store, checkpoints, _ = trained(tmp_path_factory.mktemp("runs"), seeds="0", rules="bp,fa,dfa", optimizer="adam")
    made = zipped(store, checkpoints)
    store.close()
    return made


def refused(zip: bytes, folder: Path, quota: str = "") -> str:
    """The sentence; nothing may have been written but the store itself."""
    store, checkpoints = places(folder)
    with closing(store):
        with pytest.raises(ImportProblem) as caught:
            take(BytesIO(zip), store, checkpoints, quota=Quota(folder, quota))
        assert store.experiments() == [] and not (folder / "checkpoints").exists() and not list(folder.glob("import-*"))
    return str(caught.value)


def nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dfa_lab.export.unpack._write", lambda *_: pytest.fail("something was written"))


def test_a_small_zip_that_unpacks_to_much(raw: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_is_written(monkeypatch)
    bomb = rewritten(raw, {layout.CSV: b"0" * 300_000_000})
    assert len(bomb) < 10**6
    assert "unpack to 300 MB, more than 50 times as much" in refused(bomb, tmp_path)


def test_more_than_the_quota_leaves(raw: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_is_written(monkeypatch)
    assert "may take 0 bytes more (--quota)" in refused(raw, tmp_path, quota="1kB")
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "other").write_bytes(bytes(2_000_000))  # everything in the folder counts
    assert "(--quota)" in refused(raw, tmp_path, quota="2MB")


def test_one_visitors_own_limit_is_told_as_theirs(raw: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_is_written(monkeypatch)
    store, checkpoints = places(tmp_path)
    (tmp_path / "snapshots").mkdir()
    each = EachOwner(Shares(store), lambda: Limits(disk=1), lambda: "ann")
    store.create("hers", parse(SETTINGS), owner="ann")
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "hers.safetensors").write_bytes(bytes(1_000_000))
    with closing(store), pytest.raises(ImportProblem, match="and your experiments may take 0 bytes more: remove some for good"):
        take(BytesIO(raw), store, checkpoints, "ann", Quota(tmp_path, "", each))


def test_more_than_the_memory_that_can_be_promised(raw: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free", lambda: 10_000)
    store, checkpoints = places(tmp_path)
    said = r"It cannot be read now, since it takes up to .* and 9\.0 kB of memory are free: try again"
    with closing(store), pytest.raises(ImportProblem, match=said):
        take(BytesIO(raw), store, checkpoints, promises=Promises(Lives()))
    assert not (tmp_path / "checkpoints").exists() and not list(tmp_path.glob("import-*"))


def test_more_than_the_disk_has_free(raw: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing_is_written(monkeypatch)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("dfa_lab.machine.disk_room.shutil.disk_usage", lambda _: usage(10**9, 10**9 - 1000, 1000))
    assert "1.0 kB free" in refused(raw, tmp_path)


@pytest.mark.parametrize("name", [layout.STATE, "weights/01-fa-seed0.safetensors"])
@pytest.mark.parametrize("strange", ["network.more", "network.readout.weight", "rule.B3", "optimizer.6.exp_avg", "moved.sums"])
def test_a_tensor_that_the_network_does_not_have(
    name: str, strange: str, raw: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_is_written(monkeypatch)
    tensor = f"1.{strange}" if name == layout.STATE else strange
    tensors = load(contents(raw)[name]) | {tensor: torch.zeros(3000, 100)}
    said = refused(rewritten(raw, {name: save(tensors)}), tmp_path)
    assert tensor in said and "300,000 numbers, which that of the settings does not have" in said


def test_a_run_that_there_is_not(raw: bytes, tmp_path: Path) -> None:
    tensors = load(contents(raw)[layout.STATE]) | {"3.network.readout.bias": torch.zeros(10)}
    assert "3.network.readout.bias" in refused(rewritten(raw, {layout.STATE: save(tensors)}), tmp_path)


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "sgd", "momentum": 0.9},
        {"optimizer": "muon", "batchnorm": 1},
        {"optimizer": "nadam"},
        {"optimizer": "adamw", "accumulate": True},
        {"num_hidden": "9,7,5"},
    ],
    ids=str,
)
def test_what_the_lab_itself_writes_is_called_for(settings: dict[str, object]) -> None:
    trainer = Trainer(parse(SETTINGS | {"seeds": "0"} | settings))
    while trainer.step < 2:
        next(trainer)
    wanted = called_for(trainer.experiment)
    assert wanted is not None
    shapes = {name: tuple(tensor.shape) for name, tensor in trainer.state()[0].items()}
    wanted.check(layout.STATE, shapes)
    with pytest.raises(StrangeTensor):
        wanted.check(layout.STATE, {**shapes, "0.network.x": (1,)})


KILLED = """
import os, signal, sys
from io import BytesIO
from pathlib import Path
from dfa_lab.export.import_zip import take
from tests.export.zips import places

folder = Path(sys.argv[1])
store, checkpoints = places(folder)
store.adopt = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
take(Path(sys.argv[2]), store, checkpoints)
"""


def test_what_a_killed_import_leaves_is_tidied_at_the_next_start(raw: bytes, tmp_path: Path) -> None:
    folder, file = tmp_path / "runs", tmp_path / "some.zip"
    file.write_bytes(raw)
    store, _ = places(folder)
    store.create("mine", parse(SETTINGS))
    store.set_state("mine", "finished")
    store.close()
    assert children.run("-c", KILLED, str(folder), str(file), cwd=ROOT).returncode == -9
    left = folder / "checkpoints" / f"{ID}.safetensors"
    assert list(folder.glob("import-*/")) and left.is_file()
    (folder / "checkpoints" / "mine.safetensors").write_bytes(b"of an experiment that there is")
    Manager(folder, resume=False).close()
    assert [path.name for path in folder.glob("import-*")] == [] and not left.exists()
    assert (folder / "checkpoints" / "mine.safetensors").is_file()
