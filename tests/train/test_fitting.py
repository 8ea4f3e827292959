"""What is refused before anything is trained."""

import pytest

from dfa_lab.config import SettingsError
from dfa_lab.parsing import parse
from dfa_lab.train.fitting import check


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
