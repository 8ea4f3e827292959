"""Settings are found by what is said of them."""

import pytest

from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.searching import find


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("momentum", "dampening"),  # in its title
        ("LRDecay", "learning_rate_decay"),  # dfa-torch's spelling
        ("ADAMW", "optimizer"),  # a choice, in any capitals
        ("Nesterov's accelerated", "optimizer"),  # what a choice is short for
        ("cross-entropy", "criterion"),  # in its help
        ("weights norm out", "max_out_norm"),  # every word, in any order
        ("normalis", "batchnorm"),  # a part of a word
    ],
)
def test_a_word_finds_its_setting(text: str, name: str) -> None:
    found = find(text)
    assert name in found and len(found) < len(Experiment.model_fields) / 2


def test_every_word_has_to_be_there() -> None:
    assert set(find("momentum dampening")) < set(find("momentum")) and find("momentum zebra") == []
    assert find("  ") == list(Experiment.model_fields)
