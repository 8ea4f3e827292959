"""Networks of a person's own: what is run, what comes out, what is refused, and where no file is run at all."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from dfa_lab import networks
from dfa_lab.data import facts
from dfa_lab.feedback import Promise, rule_class
from dfa_lab.networks import own_file
from dfa_lab.networks.adopting import adopt
from dfa_lab.networks.layers import Conv2d, Dropout, Linear
from dfa_lab.settings.experiment import RULES, Experiment, SettingsError
from dfa_lab.settings.parsing import parse
from dfa_lab.train.run import Run

SHAPE = (1, 8, 8)
HEAD = "from torch import nn\nimport torch\n"
DENSE = "nn.Sequential(nn.Flatten(), nn.Linear(64, 7), nn.Tanh())"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Experiment]:
    """`write("return [...]")`: the experiment of a file with this body of `blocks`."""

    def make(body: str, before: str = "", **settings: object) -> Experiment:
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        (tmp_path / "own.py").write_text(f"{HEAD}{before}def blocks(experiment, shape):\n{lines}")
        return parse({"network": "own.py", "models_folder": str(tmp_path), **settings})

    return make


@pytest.fixture(autouse=True)
def permitted() -> Iterator[None]:
    own_file.permit()  # the page, which other tests import, forbids it
    yield
    own_file.permit()


def refusal(experiment: Experiment, shape: tuple[int, ...] = SHAPE) -> str:
    """The one sentence, the same whoever asks first."""
    with pytest.raises(SettingsError) as refused:
        networks.check(experiment, shape)
    (sentence,) = refused.value.problems
    assert sentence.startswith("network (--network) is ") and sentence.endswith(".")
    assert "\n" not in sentence and len(sentence) < 600
    with pytest.raises(SettingsError) as again:
        networks.build(experiment, shape, 10, seed=0)
    assert again.value.problems == [sentence]
    return sentence.split(": ", 1)[1]


def test_the_network_has_the_blocks_and_a_readout(write) -> None:
    experiment = write(f"return [{DENSE}, nn.Sequential(nn.Linear(7, 5, bias=False), nn.ReLU())]")
    network = networks.build(experiment, SHAPE, 10, seed=0)
    assert network.shapes == [(7,), (5,)] and network.readout.out_features == 10
    assert [(number, type(layer)) for number, layer in network.layers()] == [(1, Linear), (2, Linear), (3, Linear)]
    assert network(torch.randn(3, *SHAPE)).shape == (3, 10)
    assert networks.units(experiment, facts("digits", 2)) == (7, 5)


def test_a_network_of_many_weights_is_not_held_to_be_counted(write) -> None:
    experiment = write(f"return [{DENSE}, nn.Linear(7, 200_000)]")
    assert all(p.is_meta for block in networks.outline(experiment, SHAPE) for p in block.parameters())
    assert networks.units(experiment, facts("digits", 2)) == (7, 200_000)


def test_it_knows_the_settings_and_the_shape(write) -> None:
    body = "assert shape == (1, 8, 8)\nreturn [nn.Sequential(nn.Flatten(), nn.Linear(64, experiment.num_hidden))]"
    assert networks.build(write(body, num_hidden=13), SHAPE, 10, 0).shapes == [(13,)]
    each = body.replace("num_hidden", "num_hidden[1]")
    assert networks.build(write(each, num_hidden="13,6"), SHAPE, 10, 0).shapes == [(6,)]


def test_the_example_refuses_widths_that_differ() -> None:
    given = {"network": "residual.py", "models_folder": str(Path(__file__).parents[2] / "examples")}
    networks.check(parse(given | {"num_hidden": 6}), SHAPE)
    with pytest.raises(SettingsError, match="give one num_hidden for all blocks"):
        networks.check(parse(given | {"num_hidden": "6,5"}), SHAPE)


def test_every_rule_of_a_seed_gets_the_same_and_another_seed_another(write) -> None:
    """Of what torch itself draws, too; and nobody else's random numbers are moved."""
    experiment = write(
        f"return [{DENSE}, Squared()]",
        before="class Squared(nn.Module):\n"
        "    def __init__(self):\n        super().__init__()\n        self.product = nn.Bilinear(7, 7, 5)\n"
        "    def forward(self, h):\n        return self.product(h, h)\n",
    )
    before = torch.get_rng_state()
    one, same, other = (networks.build(experiment, SHAPE, 10, seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(before, torch.get_rng_state())
    assert "blocks.1.product.weight" in one and one.keys() == same.keys()
    for name in one:
        assert torch.equal(one[name], same[name]) and not torch.equal(one[name], other[name])


CONVOLUTIONS = """return [
    nn.Sequential(nn.Conv2d(1, 6, 3, stride=2, padding=1), nn.BatchNorm2d(6), nn.ReLU()),
    nn.Sequential(nn.Conv2d(6, 6, (3, 1), padding=(1, 0), groups=3, bias=False), nn.Dropout(0.5)),
    nn.Sequential(nn.Conv2d(6, 4, 3, dilation=2, padding=2), nn.Tanh()),
    nn.Sequential(nn.Flatten(), nn.Linear(64, 9), nn.Tanh()),
]"""
TOKENS = """return [
    nn.Sequential(nn.Flatten(2), nn.Linear(64, 12), nn.Unflatten(2, (3, 4)), nn.Flatten(1, 2)),
    nn.TransformerEncoderLayer(4, 2, 8, batch_first=True),
]"""


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("body", [CONVOLUTIONS, TOKENS], ids=["convolutions", "tokens"])
def test_every_rule_trains_it(write, rule: str, body: str) -> None:
    experiment = write(body, rules=rule, batch_size=8, device="cpu")
    run = Run(experiment, rule, 0, SHAPE, 10, torch.device("cpu"), torch.float32)
    before = [p.detach().clone() for p in run.network.parameters()]
    for _ in range(3):
        run.step(torch.randn(8, *SHAPE), torch.arange(8) % 10)
    moved = [not torch.equal(a, b) for a, b in zip(before, run.network.parameters(), strict=True)]
    assert sum(moved) >= (2 if rule_class(rule).promise is Promise.NOTHING else len(moved) // 2)
    assert all(p.isfinite().all() for p in run.network.parameters())


def test_adopted_layers_compute_what_torch_s_did() -> None:
    shared = nn.Linear(4, 4)
    theirs = nn.Sequential(
        nn.Conv2d(2, 4, (3, 5), stride=(2, 1), padding=(1, 2), dilation=(1, 1), groups=2, bias=False),
        nn.Flatten(),
        nn.Linear(48, 4),
        shared,
        nn.Tanh(),
        shared,
        nn.Dropout(0.3),
    ).eval()
    x = torch.randn(3, 2, 5, 4)
    wanted = theirs(x)
    ours = adopt(theirs)
    assert isinstance(ours, nn.Sequential)
    assert [type(m) for m in ours] == [Conv2d, nn.Flatten, Linear, Linear, nn.Tanh, Linear, Dropout]
    assert ours[3] is ours[5]
    torch.testing.assert_close(ours(x), wanted)
    assert not any(module.training for module in ours.modules())


def test_attention_keeps_its_own_weights() -> None:
    attention = adopt(nn.MultiheadAttention(4, 2))
    assert not any(isinstance(module, Linear) for module in attention.modules())


@pytest.mark.parametrize(
    ("body", "before", "wanted"),
    [
        ("return [", "", "line 4: SyntaxError: '[' was never closed."),
        ("return []", "1 / 0\n", "line 3: ZeroDivisionError: division by zero."),
        ("return []", "import no_such_package\n", "line 3: ModuleNotFoundError: No module named 'no_such_package'."),
        ("x = 3\nreturn undefined_thing", "", "line 5: NameError: name 'undefined_thing' is not defined."),
        ("raise SystemExit('bye')", "", "line 4: SystemExit: bye."),
        ("return []", "exit(3)\n", "line 3: SystemExit: 3."),
        ("raise ValueError('one\\ntwo' + 'x' * 900)", "", "line 4: ValueError: one."),
        ("raise Odd", "class Odd(Exception):\n    def __str__(self): 1 / 0\n", "line 6: Odd."),
        ("return nn.Linear(64, 3)", "", "blocks() gives 'Linear'; let it give a list of torch modules."),
        ("return [3]", "", "blocks() gives 'list'; let it give a list of torch modules."),
        ("return []", "", "blocks() gives 0 blocks; let it give from 1 to 200."),
        (
            f"return [{DENSE}] + [nn.Linear(7, 7) for _ in range(200)]",
            "",
            "blocks() gives 201 blocks; let it give from 1 to 200.",
        ),
        (f"return [{DENSE}, nn.Linear(8, 3)]", "", "block 2 cannot take a batch of shape (2, 7): RuntimeError: "),
        ("return [nn.Conv2d(3, 4, 3)]", "", "block 1 cannot take a batch of shape (2, 1, 8, 8): RuntimeError: "),
        (
            "return [nn.Conv2d(1, 4, 3, padding='same')]",
            "",
            "it has a Conv2d with padding='same'; give the padding as a number",
        ),
        ("return [nn.Conv2d(1, 4, 3, padding_mode='reflect')]", "", "it has a Conv2d with padding_mode='reflect'; "),
        ("return [nn.LSTM(8, 3)]", "", "block 1 cannot take a batch of shape (2, 1, 8, 8): "),
        (f"b = {DENSE}\nreturn [b, nn.RNN(7, 3)]", "", "block 2 gives a tuple; let it give a tensor."),
        ("return [nn.Flatten(0)]", "", "block 1 makes a tensor of shape (128,) of a batch of 2; let it give one row of units"),
        (f"return [{DENSE}, nn.Tanh()]", "", "block 2 has nothing to learn; join it with a block that has weights."),
        ("return [nn.Flatten()]", "", "block 1 has nothing to learn; "),
        (f"b = nn.Linear(7, 7)\nreturn [{DENSE}, b, b]", "", "the blocks 2 and 3 share a parameter; make each of its own."),
        ("return [nn.Linear(8, 0)]", "", "block 1 makes a tensor of shape (2, 1, 8, 0) of a batch of 2; "),
    ],
)
@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_what_is_refused(write, body: str, before: str, wanted: str) -> None:
    assert refusal(write(body, before)).startswith(wanted)


def test_errors_inside_a_module_name_its_line(write) -> None:
    odd = "class Odd(nn.Linear):\n    def forward(self, h):\n        return super().forward(h.flatten(1)[:, :3])\n"
    assert refusal(write("return [Odd(64, 3)]", odd)).startswith(
        "block 1 cannot take a batch of shape (2, 1, 8, 8): line 5: RuntimeError: "
    )
    integers = "class Odd(nn.Linear):\n    def forward(self, h):\n        return h.flatten(1).argmax(1, keepdim=True)\n"
    assert refusal(write("return [Odd(64, 3)]", integers)).startswith("block 1 gives int64; ")


def test_its_own_check_may_refuse(write) -> None:
    before = "def check(experiment, shape):\n    if shape[1] < 10:\n        raise ValueError('images are too small')\n"
    experiment = write(f"return [{DENSE}]", before)
    assert refusal(experiment) == "line 5: ValueError: images are too small."


def test_files_that_are_none(write, tmp_path: Path) -> None:
    experiment = write("return []")
    folder = repr(str(tmp_path))
    gone = experiment.model_copy(update={"network": "gone.py"})
    assert refusal(gone) == f"there is no such file, nor in the folder {folder} (--modelsFolder)."
    absolute = experiment.model_copy(update={"network": "/nowhere/gone.py"})
    assert refusal(absolute) == "there is no such file."
    (tmp_path / "folder.py").mkdir()
    assert "there is no such file" in refusal(experiment.model_copy(update={"network": "folder.py"}))
    (tmp_path / "bytes.py").write_bytes(b"\xff\xfe\x00")
    assert "Error: " in refusal(experiment.model_copy(update={"network": "bytes.py"}))
    (tmp_path / "empty.py").write_text("")
    empty = experiment.model_copy(update={"network": "empty.py"})
    assert refusal(empty) == "it defines no function blocks(experiment, shape)."
    (tmp_path / "closed.py").write_text("")
    (tmp_path / "closed.py").chmod(0)
    if not os.access(tmp_path / "closed.py", os.R_OK):  # root may read everything
        assert refusal(experiment.model_copy(update={"network": "closed.py"})) == "it cannot be read (Permission denied)."
    assert refusal(experiment.model_copy(update={"network": "x" * 300 + ".py"})).startswith(
        ("there is no", "it cannot be looked")
    )


def test_the_file_as_given_comes_before_the_folder(write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = write(f"return [{DENSE}]")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert networks.build(experiment, SHAPE, 10, 0).shapes == [(7,)]
    Path("own.py").write_text(
        f"{HEAD}def blocks(experiment, shape):\n    return [nn.Sequential(nn.Flatten(), nn.Linear(64, 4))]"
    )
    assert networks.build(experiment, SHAPE, 10, 0).shapes == [(4,)]


def test_a_changed_file_is_another_network_and_nothing_of_it_stays(write) -> None:
    known, path = set(sys.modules), list(sys.path)
    assert networks.build(write(f"return [{DENSE}]"), SHAPE, 10, 0).shapes == [(7,)]
    assert networks.build(write(f"return [{DENSE.replace('7', '6')}]"), SHAPE, 10, 0).shapes == [(6,)]
    refusal(write("return [", ""))
    assert not [name for name in set(sys.modules) - known if "own" in name] and sys.path == path


def test_what_python_looks_up_in_the_module_is_there(write) -> None:
    """Dataclasses with annotations that are texts."""
    before = """
import dataclasses
@dataclasses.dataclass
class Sizes:
    wide: 'dataclasses.InitVar[int]' = 7
    deep: 'int' = 2
"""
    assert networks.build(write(f"Sizes()\nreturn [{DENSE}]", before), SHAPE, 10, 0).shapes == [(7,)]


def test_a_network_that_looks_at_values_is_run_with_values(write) -> None:
    looking = """
class Looking(nn.Linear):
    def forward(self, h):
        return super().forward(h.flatten(1)) * float(h.sum() > 1)
"""
    experiment = write("scale = torch.ones(3).sum().item()\nreturn [Looking(64, int(scale))]", looking)
    networks.check(experiment, SHAPE)
    assert networks.units(experiment, facts("digits", 2)) == (3,)
    assert [p.device.type for block in networks.outline(experiment, SHAPE) for p in block.parameters()] == ["cpu", "cpu"]


def test_ctrl_c_in_the_file_is_ctrl_c(write) -> None:
    with pytest.raises(KeyboardInterrupt):
        networks.check(write("raise KeyboardInterrupt"), SHAPE)


def test_an_error_that_comes_while_it_trains_is_told(write) -> None:
    late = """
class Late(nn.Linear):
    def forward(self, h):
        assert len(h) < 8, 'too many'
        return super().forward(h.flatten(1))
"""
    experiment = write("return [Late(64, 3)]", late)
    run = Run(experiment, "bp", 0, SHAPE, 10, torch.device("cpu"), torch.float32)
    with pytest.raises(AssertionError) as raised:
        run.step(torch.randn(8, *SHAPE), torch.arange(8))
    told = own_file.explain(raised.value, experiment)
    assert told == "network (--network) is 'own.py': training with it ended in an error (line 6: AssertionError: too many)."
    torchs = own_file.explain(ValueError("Expected more than 1 value per channel"), experiment)
    assert torchs and torchs.endswith(
        "training with it ended in an error (ValueError: Expected more than 1 value per channel)."
    )
    assert own_file.explain(raised.value, parse({})) is None


# ---- where no file is run ----


@pytest.fixture
def trap(tmp_path: Path) -> Callable[[Path], None]:
    """`trap(path)`: a network file that leaves a trace when it is run."""

    def make(path: Path) -> None:
        trace = tmp_path / "ran"
        path.write_text(f"open({str(trace)!r}, 'w')\n{HEAD}def blocks(experiment, shape):\n    return [{DENSE}]\n")

    return make


EVERY_WAY: list[Callable[[Experiment], object]] = [
    lambda e: networks.check(e, SHAPE),
    lambda e: networks.blocks(e, SHAPE),
    lambda e: networks.build(e, SHAPE, 10, 0),
    lambda e: networks.outline(e, SHAPE),
    lambda e: networks.units(e, facts("digits", 2)),
    lambda e: own_file.check(e, SHAPE),
    lambda e: own_file.blocks(e, SHAPE, 0),
    lambda e: own_file.find(e),
]


@pytest.mark.parametrize("way", EVERY_WAY)
def test_a_server_without_a_folder_runs_none(tmp_path: Path, trap, way, monkeypatch: pytest.MonkeyPatch) -> None:
    trap(tmp_path / "x.py")
    monkeypatch.chdir(tmp_path)
    own_file.restrict(None)
    assert not own_file.permitted() and own_file.names() == []
    for name in ("x.py", str(tmp_path / "x.py")):
        with pytest.raises(
            SettingsError, match="give one of mlp, conv; this server was started without --models, so it runs no"
        ):
            way(parse({"network": name, "models_folder": str(tmp_path)}))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("way", EVERY_WAY)
def test_a_server_with_a_folder_runs_only_the_files_in_it(tmp_path: Path, trap, way, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted, outside = tmp_path / "trusted", tmp_path / "outside"
    (trusted / "deeper").mkdir(parents=True)
    outside.mkdir()
    for path in (outside / "x.py", trusted / "deeper" / "x.py", trusted / "_x.py", trusted / ".x.py", trusted / "x.txt"):
        trap(path)
    (trusted / "link.py").symlink_to(outside / "x.py")
    (trusted / "within.py").symlink_to(trusted / "good.py")
    (trusted / "good.py").write_text(f"{HEAD}def blocks(experiment, shape):\n    return [{DENSE}]\n")
    monkeypatch.chdir(outside)
    own_file.restrict(trusted)
    assert own_file.permitted() and own_file.names() == ["good.py", "within.py"]
    escapes = ["x.py", "../outside/x.py", str(outside / "x.py"), "deeper/x.py", "deeper\\x.py", "link.py", "./good.py"]
    for name in [*escapes, str(trusted / "good.py"), "_x.py", ".x.py", "C:good.py", "good.py/../../outside/x.py", "nul\0.py"]:
        with pytest.raises(SettingsError, match=r"give one of mlp, conv, good\.py, within\.py\."):
            way(parse({"network": name, "models_folder": str(outside)}))
    assert not (tmp_path / "ran").exists()
    way(parse({"network": "good.py", "models_folder": str(outside)}))


def test_a_folder_that_has_gone_offers_nothing(tmp_path: Path) -> None:
    own_file.restrict(tmp_path / "gone")
    assert own_file.names() == []
    with pytest.raises(SettingsError, match="give one of mlp, conv"):
        networks.check(parse({"network": "x.py"}), SHAPE)
