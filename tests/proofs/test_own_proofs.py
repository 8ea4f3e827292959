"""The proofs on networks of one's own: the innocent are not accused, impostors are found, what cannot be decided is said."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from dfa_lab import data, feedback, proofs
from dfa_lab.networks import own_file
from dfa_lab.proofs import Verdict
from dfa_lab.settings.parsing import parse
from tests.impostors import BackpropDfa, CopyingFa, TrainingShallow, TransportingFa
from tests.networks.own_case import Case, of
from tests.networks.own_networks_refused import ACROSS, OWN_PRODUCTS
from tests.networks.own_networks_trained import TRAINED

TABLE = {**TRAINED, **OWN_PRODUCTS, **ACROSS}
SHOWN = (  # one of each kind, and what was once accused
    *("defined in another order", "layer norm first", "a layer used twice", "a skip", "concatenation", "a cell by hand"),
    *("relative places in attention", "layer norm of maps and a scale of places", "a frozen layer", "a fixed matrix"),
    *("layers that are dropped", "checkpointed", "feedback of its author's", "a product", "a detached copy", "factored"),
    *("a frozen parameter", "GRU", "Conv1d", "transposed convolution", "weight norm", "transformer layer", "learnt queries"),
    "a sum kept across blocks",
)
UNDECIDED = {
    **{(name, "bp"): "go through copies" for name in ("weight norm", "factored", "a detached copy")},
    ("feedback of its author's", "bp"): "in a way of its own",
    ("checkpointed", "fa"): "makes parts of the forward pass again",
}
Examine = Callable[[Case, str], dict[str, proofs.Section]]


@pytest.fixture(scope="module")
def digits() -> data.DataSet:
    return data.load(parse({}), torch.device("cpu"))


@pytest.fixture
def examine(tmp_path: Path, digits: data.DataSet) -> Examine:
    def make(case: Case, rule: str) -> dict[str, proofs.Section]:
        own_file.permit()  # the page, which other tests import, forbids it
        (tmp_path / "own.py").write_text(case.file)
        experiment = parse({"network": str(tmp_path / "own.py"), "rules": rule, "device": "cpu"})
        return {one.short: one for one in proofs.sections({rule: proofs.examine(experiment, rule, digits)}, None)}

    return make


@pytest.mark.parametrize(("name", "rule"), [(name, rule) for name in SHOWN for rule in TABLE[name].trained_by()])
def test_no_rule_is_accused_of_what_it_does_not_do(examine: Examine, name: str, rule: str) -> None:
    found = examine(TABLE[name], rule)
    for short in ("Path", "Matrices", "Products"):
        finding = found[short].findings[rule]
        if short == "Path" and (name, rule) in UNDECIDED:
            assert finding.verdict is Verdict.UNDECIDED and UNDECIDED[name, rule] in finding.reason
        elif short == "Matrices" and rule in ("bp", "shallow"):
            assert finding.verdict is Verdict.NOT_APPLICABLE
        else:
            assert finding.verdict is Verdict.PASSES, (short, finding.reason)


@pytest.mark.parametrize("name", ["a skip", "Conv1d", "GRU", "weight norm"])
@pytest.mark.parametrize(
    ("impostor", "rule"), [(BackpropDfa, "dfa"), (TransportingFa, "fa"), (CopyingFa, "fa"), (TrainingShallow, "shallow")]
)
def test_impostors_are_found_there_too(examine, monkeypatch, name: str, impostor: type, rule: str) -> None:
    monkeypatch.setattr(feedback, "rule_class", lambda _: impostor)
    assert examine(TABLE[name], rule)["Products"].findings[rule].verdict is Verdict.FAILS


@pytest.mark.parametrize("rule", ["bp", "fa", "dfa"])
@pytest.mark.parametrize("cast", ["torch.autocast('cpu', torch.bfloat16)", "torch.amp.autocast('cpu')"])
def test_a_part_in_16_bits_is_not_taken_for_another_rule(examine: Examine, cast: str, rule: str) -> None:
    halved = f"""
        class Halved(nn.Linear):
            def forward(self, h):
                with {cast}:
                    h = torch.tanh(super().forward(h) + h.bfloat16())
                return h.float()
        class Within(nn.Module):
            def __init__(self):
                super().__init__()
                self.l = nn.Linear(16, 16)
            def forward(self, h):
                with {cast}:
                    h = torch.tanh(self.l(h))
                return h.float()
    """
    blocks = "dense(), Within()" + (", Halved(16, 16)" if rule != "fa" else "")  # fa is refused in layers of one's own
    found = examine(of(blocks, halved), rule)
    assert {found[short].findings[rule].verdict for short in ("Path", "Products")} == {Verdict.PASSES}
    assert found["Matrices"].findings[rule].verdict is (Verdict.NOT_APPLICABLE if rule == "bp" else Verdict.PASSES)


def test_a_float_on_the_way_rounds_nothing(examine: Examine) -> None:
    """As in `h = self.norm(h.float())`."""
    found = examine(of("dense(), Use(lambda s, h: torch.tanh(s.l(h.float())).type(torch.float32), l=nn.Linear(16, 16))"), "dfa")
    assert {one.findings["dfa"].verdict for one in found.values() if "dfa" in one.findings} <= {Verdict.PASSES}


def test_a_network_that_cannot_be_looked_at_in_float64_is_undecided_and_says_why(examine: Examine) -> None:
    single = """
        class Single(nn.Linear):
            def forward(self, h):
                assert h.dtype == torch.float32, "single precision alone"
                return super().forward(h)
    """
    found = examine(of("dense(), Single(16, 9)", single), "dfa")
    for short in ("Path", "Matrices", "Products"):
        finding = found[short].findings["dfa"]
        assert finding.verdict is Verdict.UNDECIDED
        assert "a proof, which works in float64, ended in an error (line " in finding.reason
