"""What is refused before anything is trained."""

import pytest

from dfa_lab.machine.device import resolve
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.settings.parsing import parse
from dfa_lab.train.preflight import check


def test_a_device_that_only_another_machine_has() -> None:
    """Stored experiments, whose device was checked elsewhere."""
    stored = parse({"dataset": "xor", "batch_size": 5000}).model_copy(update={"device": "cuda:63"})
    with pytest.raises(SettingsError) as raised:
        check(stored)
    first, second = raised.value.problems
    assert first.startswith("device (--type) is 'cuda:63': give auto or one that this machine has: cpu")
    assert second.startswith("batch_size (--batchSize) is 5000: ")
    for device in ("auto", "cpu"):
        check(stored.model_copy(update={"device": device, "batch_size": 5}))


def refusal(**settings: object) -> str:
    with pytest.raises(SettingsError) as raised:
        check(parse(settings))
    (problem,) = raised.value.problems
    return problem


def test_precision_is_what_the_device_has(monkeypatch: pytest.MonkeyPatch) -> None:
    check(parse({"precision": "bf16", "device": "cpu"}))
    wanted = "precision (--precision) is 'tf32': give float32 or bf16, what the device cpu of this machine has."
    assert refusal(precision="tf32", device="cpu") == wanted
    monkeypatch.setattr("dfa_lab.train.preflight.precisions", lambda device: ("float32",))
    assert refusal(precision="bf16", device="cpu").startswith("precision (--precision) is 'bf16': give float32, what")


def test_the_number_of_the_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("dfa_lab.train.preflight.present", "dfa_lab.machine.device.present"):
        monkeypatch.setattr(place, lambda: ("cpu", "cuda", "cuda:0", "cuda:1"))
    monkeypatch.setattr("dfa_lab.train.preflight.precisions", lambda device: ("float32",))
    check(parse({"device": "cuda", "devid": 2}))
    assert refusal(type="cuda", devid=3) == "device_number (--devid) is 3: give at most 2, the number of this machine's GPUs."
    check(parse({"device": "cpu", "devid": 3}))
    assert [str(resolve(name, number)) for name, number in (("auto", 1), ("cuda", 2), ("cuda:1", 1), ("cpu", 2))] == [
        "cuda:0",
        "cuda:1",
        "cuda:1",
        "cpu",
    ]


def test_a_batch_of_one_has_no_variance() -> None:
    """1437 digits to train on."""
    for settings in ({"batch_size": 1}, {"batch_size": 4}):
        assert refusal(batchnorm=1, **settings).startswith(
            f"batch_size (--batchSize) is {settings['batch_size']}: give another"
        )
    check(parse({"batchnorm": 1, "batch_size": 4, "drop_last": True}))
    check(parse({"batchnorm": 0, "batch_size": 4}))


def test_what_is_held_out_is_missing_in_the_training_set() -> None:
    """1437 - 287 = 1150."""
    check(parse({"batch_size": 1300}))
    assert refusal(batch_size=1300, hold_out=True).startswith("batch_size (--batchSize) is 1300: give at most 1150, ")
