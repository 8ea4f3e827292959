"""− and + take a setting through round numbers, and each of several."""

import pytest

from dfa_lab.settings.stepping import stepped


@pytest.mark.parametrize(
    ("name", "given", "less", "more"),
    [
        ("num_hidden", "100", 50, 200),
        ("num_hidden", "64", 50, 100),
        ("num_hidden", "500, 300", (200, 200), (1000, 500)),
        ("num_hidden", "1", None, 2),
        ("num_hidden", "10000", 5000, None),
        ("num_hidden", "10, 1", None, (20, 2)),  # none of them can be less than 1
        ("conv_channels", "8", (5,), (10,)),
        ("learning_rate", "0.001", 0.0003, 0.003),
        ("learning_rate", "3e-3", 0.001, 0.01),
        ("learning_rate", "0.002", 0.001, 0.003),
        ("learning_rate", "100", 30.0, None),
        ("learning_rate", "0", None, None),
        ("learning_rate", "fast", None, None),
        ("num_hidden", "", None, None),
        ("num_layers", 2, 1, 3),
        ("num_layers", 1, None, 2),
        ("num_layers", 200, 199, None),
        ("num_layers", None, None, None),
    ],
)
def test_the_next_round_number(name: str, given: str, less: object, more: object) -> None:
    assert stepped(name, given, up=False) == less
    assert stepped(name, given, up=True) == more


def test_steps_up_come_back_down() -> None:
    there: object = "1"
    seen = []
    while (further := stepped("num_hidden", there, up=True)) is not None:
        seen.append(there := further)
    assert seen == [2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000]
    for expected in [*reversed(seen[:-1]), 1]:
        there = stepped("num_hidden", there, up=False)
        assert there == expected
