"""Data sets of which files are missing, cut or of two kinds: nothing trains on fewer samples without a word."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from torchvision import datasets
from torchvision.datasets.utils import calculate_md5
from typer.testing import CliRunner

from dfa_lab import data
from dfa_lab.cli import main
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.parsing import parse
from tests.data.data_files import cifar10, load, mnist, sentence
from tests.runs.patience import status, tiny, until

WHOLE = {"incomplete": False}


def batches(folder: Path, cut: int = 10_000) -> Path:
    """CIFAR-10 as published but for what is on its pictures, and for the third batch, which ends after `cut` rows."""
    where = folder / "cifar-10-batches-bin"
    where.mkdir(parents=True)
    rows = np.zeros((10_000, 1 + 3072), np.uint8)
    rows[:, 0] = np.arange(10_000) % 10
    for number in range(1, 6):
        rows[: cut if number == 3 else 10_000].tofile(where / f"data_batch_{number}.bin")
    rows.tofile(where / "test_batch.bin")
    return where


def test_a_batch_that_was_cut_at_the_end_of_a_row_is_noticed(tmp_path: Path) -> None:
    batches(tmp_path, cut=300)
    said = sentence("cifar10", tmp_path, **WHOLE)
    assert (
        "is not the published set, which has 50,000 training and 10,000 test ones: it has 40,300 training and 10,000 test"
        in said
    )
    assert "--incomplete (in the page: Take an incomplete data set)" in said
    loaded = load("cifar10", tmp_path)
    assert (loaded.facts.train, loaded.facts.test) == (40_300, 10_000)


def test_the_whole_set_needs_nothing(tmp_path: Path) -> None:
    batches(tmp_path)
    assert load("cifar10", tmp_path, **WHOLE).facts == data.facts("cifar10")


def test_the_command_line_and_the_page_say_how_many_there_are(tmp_path: Path) -> None:
    mnist(tmp_path)
    words = [
        "train",
        "--dataset",
        "mnist",
        "--datapath",
        str(tmp_path),
        "--num_hidden",
        "4",
        "--batchSize",
        "5",
        "--epoch",
        "1",
    ]
    words += ["--gradient", "bp", "--type", "cpu"]
    refused = CliRunner().invoke(main.app, words)
    assert refused.exit_code == 2 and "it has 20 training and 10 test images" in refused.stderr
    taken = CliRunner().invoke(main.app, [*words, "--incomplete"])
    said = (
        "MNIST is incomplete here: 20 training and 10 test images, where there should be 60,000 training and 10,000 test ones."
    )
    assert taken.exit_code == 0 and taken.stderr == f"{said}\n"
    for more in ("--validate", "--train_samples=15"):  # what is left of it does not matter
        assert CliRunner().invoke(main.app, [*words, "--incomplete", more]).stderr == f"{said}\n"
    manager = Manager(tmp_path / "runs")
    try:
        few = {"dataset": "mnist", "datapath": str(tmp_path), "incomplete": True, "batch_size": 5, "probe_size": 4}
        id = manager.start(tiny(**few), pace=50)
        until(lambda: status(manager, id).step > 0)
        assert status(manager, id).sentence == said
        manager.stop(id)
        stored = manager.store.get(id)
        assert stored and status(manager, id).sentence == stored.sentence == said  # as long as its figures are shown
        short = manager.start(tiny(**few, epochs=1))
        until(lambda: status(manager, short).state == "finished")
        assert status(manager, short).sentence == said
        failed = manager.start(tiny(**few | WHOLE))
        until(lambda: status(manager, failed).state == "failed")
        assert "is not the published set" in status(manager, failed).sentence
    finally:
        manager.close()


def test_what_trains_on_and_what_is_listed_say_so_too(tmp_path: Path) -> None:
    mnist(tmp_path)
    words = ["train", "--dataset", "mnist", "--datapath", str(tmp_path), "--incomplete", "--runs", str(tmp_path / "runs")]
    small = ["--gradient", "bp", "--num_hidden", "4", "--batchSize", "5", "--epoch", "1", "--type", "cpu"]
    CliRunner().invoke(main.app, [*words, *small, "--save", "few"])
    on = CliRunner().invoke(main.app, ["train", "--load", "few", "--epoch", "2", "--runs", str(tmp_path / "runs")])
    told = "MNIST is incomplete here: 20 training and 10 test images"
    assert on.exit_code == 0 and on.stderr.startswith(f"Continues 'few' at step 4 of 8.\n{told}")
    store = Store(tmp_path / "runs")
    try:
        found = store.experiments()
        assert [one.state for one in found] == ["finished"] * 2 and all(one.sentence.startswith(told) for one in found)
    finally:
        store.close()


def test_a_set_that_is_smaller_than_the_one_whole_batch_that_is_wanted_is_refused(tmp_path: Path) -> None:
    mnist(tmp_path)
    assert len(load("mnist", tmp_path, batch_size=20, drop_last=True).x_train) == 20
    said = sentence("mnist", tmp_path, batch_size=21, drop_last=True)
    assert said.startswith("MNIST cannot give a whole batch of 21 because its files hold 20 training images to train on: give")
    assert "hold 16 training images" in sentence("mnist", tmp_path, batch_size=17, drop_last=True, hold_out=True)
    words = ["--dataset", "mnist", "--datapath", str(tmp_path), "--incomplete", "--batchSize", "21", "--constBatchSize"]
    refused = CliRunner().invoke(main.app, ["train", *words])
    assert refused.exit_code == 2 and refused.stderr == f"{said}\n"


@pytest.mark.parametrize("missing", ["data_batch_4.bin", "test_batch.bin"])
def test_the_file_that_is_missing_is_named_and_not_another_version(tmp_path: Path, missing: str) -> None:
    (cifar10(tmp_path) / missing).unlink()
    assert f"(cifar-10-batches-bin/{missing} is missing)" in sentence("cifar10", tmp_path)


def test_files_of_which_some_are_zipped_are_read(tmp_path: Path) -> None:
    raw = mnist(tmp_path)
    whole = load("mnist", tmp_path)
    for name in ("train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"):
        (raw / f"{name}.gz").write_bytes(gzip.compress((raw / name).read_bytes()))
        (raw / name).unlink()
    data.cache.forget()  # type: ignore[attr-defined]
    assert data.is_here("mnist", tmp_path)
    mixed = load("mnist", tmp_path)
    assert mixed.x_train.equal(whole.x_train) and mixed.y_test.equal(whole.y_test)
    (raw / "t10k-labels-idx1-ubyte.gz").unlink()
    data.cache.forget()  # type: ignore[attr-defined]
    assert "(MNIST/raw/t10k-labels-idx1-ubyte is missing)" in sentence("mnist", tmp_path)


def test_svhn_is_trained_on_without_its_extra_images_if_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sums = {}
    for seed, (part, count) in enumerate((("train", 4), ("test", 2))):
        images = np.random.RandomState(seed).randint(0, 256, (32, 32, 3, count)).astype(np.uint8)
        path = tmp_path / f"{part}_32x32.mat"
        scipy.io.savemat(path, {"X": images, "y": np.array([[10], [1], [2], [9]][:count], np.uint8)})
        sums[part] = ["", path.name, calculate_md5(path)]
    monkeypatch.setattr(datasets.SVHN, "split_list", sums)
    assert "(extra_32x32.mat is missing): leave them out with --svhn_extra 0" in sentence("svhn", tmp_path)
    assert not data.is_here("svhn", tmp_path) and data.is_here("svhn", tmp_path, False)
    loaded = load("svhn", tmp_path, svhn_extra=False)
    assert loaded.y_train.tolist() == [0, 1, 2, 9] and loaded.y_test.tolist() == [0, 1]
    assert data.facts_of(parse({"dataset": "svhn", "svhn_extra": "0"})).train == 73_257
    assert data.facts_of(parse({"dataset": "svhn"})).train == 604_388
    said = sentence("svhn", tmp_path, svhn_extra=False, **WHOLE)
    assert "which has 73,257 training and 26,032 test ones: it has 4 training and 2 test images" in said
