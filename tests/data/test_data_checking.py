"""Settings that the data set or the machine makes impossible are refused, each in one sentence."""

from pathlib import Path

import pytest

from dfa_lab import data
from dfa_lab.machine import memory
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.settings.parsing import parse


def problems(**settings: object) -> list[str]:
    experiment = parse(settings)
    try:
        data.check(experiment, data.facts_of(experiment))
    except SettingsError as error:
        return error.problems
    return []


def test_check_refuses_a_batch_larger_than_the_training_set():
    facts = data.facts("digits")
    data.check(parse({"batch_size": 1437}), facts)
    with pytest.raises(SettingsError) as caught:
        data.check(parse({"batch_size": 5000}), facts)
    sentence = "batch_size (--batchSize) is 5000: give at most 1437, the number of Digits training images."
    assert caught.value.problems == [sentence]


def test_a_batch_has_to_fit_what_is_left_for_training():
    assert problems(batch_size=1437) == []
    (problem,) = problems(batch_size=1437, hold_out=True)
    assert problem == "batch_size (--batchSize) is 1437: give at most 1150, the number of Digits training images."


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "digits", "moons"])
def test_yuv_wants_colours(name: str):
    title = data.facts(name).title
    assert problems(dataset=name, format="yuv") == [f"format (--format) is 'yuv': give rgb for {title}, which has no colours."]


def test_augmenting_wants_images():
    (problem,) = problems(dataset="moons", augment=True)
    assert problem.startswith("augment (--augment) is ")
    assert problem.endswith(": give false for Moons, which has points and no images.")


@pytest.mark.parametrize("name", ["cifar10", "cifar100", "svhn", "stl10"])
def test_colour_images_may_be_both(name: str):
    assert problems(dataset=name, format="yuv", augment=True) == []


def test_whitening_has_to_fit_the_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "available", lambda: 24 * 2**30)
    for name in ("digits", "moons", "mnist", "cifar10", "svhn"):
        assert problems(dataset=name, whiten=True) == []
    (problem,) = problems(dataset="stl10", whiten=True)
    assert problem.startswith("whiten (--whiten) is ")
    assert problem.endswith("give false for STL-10, where whitening 27648 inputs takes 30 GiB (this machine has 24 GiB).")
    monkeypatch.setattr(memory, "available", lambda: 32 * 2**30)
    assert problems(dataset="stl10", whiten=True) == []


def test_yuv_has_to_fit_the_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(memory, "available", lambda: 4 * 2**30)
    assert problems(dataset="svhn") == problems(dataset="cifar10", format="yuv") == []
    (problem,) = problems(dataset="svhn", format="yuv")
    assert problem == "format (--format) is 'yuv': give rgb for SVHN, which takes 9 GiB (this machine has 4 GiB) as yuv."


def test_memory_is_the_containers_where_that_is_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    roots = (tmp_path / "v2", tmp_path / "v1")  # of control groups of these versions
    monkeypatch.setattr(memory, "V2", tmp_path)  # above both
    monkeypatch.setattr(memory, "NAMES", dict(zip(roots, memory.NAMES.values(), strict=True)))
    second, first = (root / names.limit for root, names in memory.NAMES.items())
    for root in roots:
        root.mkdir()
    whole = memory.available()
    assert whole > 2**28
    second.write_text("max\n")
    first.write_text("9223372036854771712\n")
    assert memory.available() == whole
    second.write_text("1073741824\n")
    assert memory.available() == 2**30 and memory.gib(memory.available()) == "1 GiB"
    second.unlink()
    first.write_text("134217728\n")
    assert memory.available() == 2**27
