"""What rules, networks and data sets declare in their files, read without running them."""

from pathlib import Path
from typing import Any

import pytest
import torch

from dfa_lab import data, networks, registry
from dfa_lab.settings.experiment import DATASETS, NETWORKS, RULES, Experiment, extra
from dfa_lab.settings.network_settings import KINDS, USED
from dfa_lab.settings.parsing import describe, parse

FILES = {
    "first.py": "PLACE = 1\nSETTINGS = ('wide', 'deep')\n",
    "another.py": "SETTINGS = (\n    'deep',  # a comment\n)\n",
    "between.py": "PLACE = 2\ndef f():\n    SETTINGS = ('wide',)\n",
    "broken.py": "PLACE = 0\nSETTINGS = ('wide',\n",
    "made.py": "PLACES = 3\nSETTINGS = tuple(range(3))\n",
    "_hidden.py": "PLACE = 0\n",
}


@pytest.fixture
def kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with these files, that cannot be imported."""
    (tmp_path / "kinds").mkdir()
    for name, text in FILES.items():
        (tmp_path / "kinds" / name).write_text(text)
    monkeypatch.setattr(registry, "__file__", str(tmp_path / "registry.py"))
    return "dfa_lab.kinds"


def test_places_come_first_and_the_others_by_the_alphabet(kinds: str) -> None:
    assert registry.names(kinds) == ("first", "between", "another", "broken", "made")


def test_only_literals_at_the_top_are_declared(kinds: str) -> None:
    assert registry.declared(kinds, "SETTINGS") == {"first": ("wide", "deep"), "another": ("deep",)}
    assert registry.using(kinds, "deep") == ("first", "another")
    assert registry.using(kinds, "wide") == ("first",) and registry.using(kinds, "nothing") == ()


def test_the_lists_begin_as_they_always_did() -> None:
    assert RULES[:3] == ("bp", "fa", "dfa") and NETWORKS[0] == "mlp"
    assert DATASETS[:3] == ("digits", "mnist", "fashion_mnist")
    for names in (RULES[3:], NETWORKS[1:], DATASETS[3:]):
        assert list(names) == sorted(names)


class Watched:
    """An experiment that notes which of its settings are read."""

    def __init__(self, experiment: Experiment):
        self._experiment, self.read = experiment, set()

    def __getattr__(self, name: str) -> Any:
        self.read.add(name)
        return getattr(self._experiment, name)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_declares_what_it_uses(network: str) -> None:
    """Or the form would hide a setting that counts, or show one that does not."""
    watched = Watched(parse({"network": network, "dropout": 1, "batchnorm": 1}))
    networks.blocks(watched, (1, 28, 28))  # type: ignore[arg-type]
    of_networks = {name for name, field in Experiment.model_fields.items() if "network" in extra(field)["when"]}
    assert set(USED.get(network, ())) <= of_networks
    assert watched.read & of_networks == set(USED.get(network, ()))
    for name in of_networks:
        assert (network in extra(Experiment.model_fields[name])["when"]["network"]) == (name in watched.read)


@pytest.mark.parametrize(
    "settings", [*({"network": network} for network in NETWORKS), {"num_hidden": "700,20,5"}], ids=lambda s: str(*s.values())
)
def test_what_it_holds_is_no_more_than_it_makes(settings: dict[str, object]) -> None:
    """A machine is refused what it cannot hold, and nothing that it can."""
    experiment = parse(settings | {"dataset": "mnist"})
    facts = data.facts_of(experiment)
    made: list[int] = []
    with torch.device("meta"):
        h = torch.zeros(1, *facts.shape)
        for block in networks.blocks(experiment, facts.shape):
            for module in block.eval().children():
                h = module(h)
                made.append(h.numel())
    assert 0 < networks.held(experiment, facts) <= sum(made)


def test_a_set_is_made_from_what_it_declares() -> None:
    assert {"gaussians", "spirals"} <= set(registry.using("dfa_lab.data.sets", "classes"))
    for name in DATASETS:
        declared = registry.declared("dfa_lab.data.sets", "SETTINGS").get(name, ())
        assert len(declared) <= 1 and set(declared) <= set(Experiment.model_fields)
        if declared != ("points",):
            assert (data.facts(name, 7).classes == 7) == (declared == ("classes",))


def test_an_experiment_is_described_by_what_its_network_uses() -> None:
    assert describe(parse({"num_layers": 3})).startswith("digits, mlp 3×100 tanh, ")
    assert describe(parse({"num_hidden": "9,8,7"})).startswith("digits, mlp 9-8-7 tanh, ")
    assert describe(parse({"num_hidden": list(range(1, 201))})).startswith("digits, mlp 1-2-3-…-200 tanh, ")
    conv = {"network": "conv", "conv_channels": "3,4", "conv_hidden": "5"}
    assert describe(parse(conv)).startswith("digits, conv 3-4-5 tanh, ")
    assert describe(parse({"network": "own.py"})).startswith("digits, own.py, ")


def test_memory_that_is_missing_is_saved_where_it_goes() -> None:
    def named(**given: object) -> str:
        experiment = parse(given)
        return networks.largest(experiment, networks.blocks(experiment, (1, 28, 28)))

    assert named() == "num_hidden"
    assert named(network="conv") == "conv_hidden"
    assert named(network="conv", conv_hidden="2") == "conv_channels"
    experiment = parse({"network": "own.py"})
    assert networks.largest(experiment, []) == "network" and not registry.using(KINDS, "points")
