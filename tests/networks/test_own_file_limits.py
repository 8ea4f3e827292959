"""Networks of a person's own that cannot be what they seem, and errors that no file should raise."""

import textwrap
from pathlib import Path

import pytest
import torch
from torch import nn

from dfa_lab.networks import own_file
from dfa_lab.networks.adopting import adopt
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.settings.parsing import parse
from dfa_lab.train.preflight import check
from dfa_lab.train.run import Run


@pytest.fixture(autouse=True)
def permitted() -> None:
    own_file.permit()  # the page, which other tests import, forbids it


ATTENTION = """
        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.attend = nn.MultiheadAttention(8, 2, batch_first=True)

            def forward(self, h):
                h = h.reshape(len(h), -1, 8)
                return self.attend(h, h, h)[0].flatten(1)

        def blocks(experiment, shape):
            return [nn.Sequential(nn.Flatten(), nn.Linear(64, 16)), Block()]
"""


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "net.py"
    path.write_text("from torch import nn\nimport torch\n" + textwrap.dedent(text))
    return str(path)


def test_feedback_alignment_is_refused_where_the_error_would_travel_through_the_weights(tmp_path: Path) -> None:
    """torch's attention and spectral norm use weights by hand: what is called fa would be backpropagation there."""
    name = written(tmp_path, ATTENTION)
    with pytest.raises(SettingsError) as raised:
        check(parse({"network": name, "rules": "bp,fa,dfa"}))
    assert "MultiheadAttention in block 2: attend.in_proj_weight" in str(raised.value)
    assert "rules (--gradient) is 'bp,fa,dfa': give rules without fa for " in str(raised.value)
    check(parse({"network": name, "rules": "bp,dfa"}))


def test_muon_needs_a_dense_layer_beside_the_readout(tmp_path: Path) -> None:
    name = written(tmp_path, "def blocks(experiment, shape):\n    return [nn.Conv2d(shape[0], 2, 3)]")
    with pytest.raises(SettingsError) as raised:
        check(parse({"network": name, "optimizer": "muon"}))
    (problem,) = raised.value.problems
    assert problem.startswith("optimizer (--optimization) is 'muon': give adamw, since ")
    assert problem.endswith("has no hidden dense layer that could be trained.")
    check(parse({"network": name, "optimizer": "adamw"}))
    check(parse({"network": written(tmp_path, ATTENTION), "optimizer": "muon", "rules": "dfa"}))


def test_a_layer_with_hooks_stays_what_its_author_made_it(tmp_path: Path) -> None:
    from torch.nn.utils import prune

    layer = nn.Linear(4, 3)
    prune.l1_unstructured(layer, "weight", 0.5)
    assert adopt(layer) is layer


def test_a_network_of_ones_own_is_never_zeroed(tmp_path: Path) -> None:
    text = "\n\ndef blocks(experiment, shape):\n    return [nn.Sequential(nn.Flatten(), nn.Linear(64, 9), nn.ReLU())]\n"
    for settings in ({"init": "paper"}, {"exact": True}):
        experiment = parse({"network": written(tmp_path, text), "rules": "dfa", **settings})
        run = Run(experiment, "dfa", 0, (1, 8, 8), 10, torch.device("cpu"), torch.float32)
        assert all(bool(W.any()) for _, W in run.network.weights())


@pytest.mark.parametrize("raised", ["raise BaseException('no')", "raise GeneratorExit"])
def test_whatever_a_file_raises_is_told(tmp_path: Path, raised: str) -> None:
    with pytest.raises(SettingsError, match="network"):
        check(parse({"network": written(tmp_path, f"\n{raised}\n"), "rules": "dfa"}))
