"""The proofs that need no training, 1 to 3, for one rule."""

from dataclasses import dataclass

import torch

from dfa_lab import data
from dfa_lab.networks import own_file
from dfa_lab.proofs.matrix_changes import Matrices, matrices
from dfa_lab.proofs.product_counts import Count, Kind, Products, products
from dfa_lab.proofs.subject import Subject, left_aside, subject
from dfa_lab.proofs.verdicts import Finding, undecided
from dfa_lab.proofs.weight_transport import Transport, transport
from dfa_lab.settings.experiment import Experiment, SettingsError


@dataclass(frozen=True)
class Examined:
    """`samples`: of the batch; `notes`: sentences on what was reduced or left aside."""

    transport: Transport
    matrices: Matrices
    products: Products
    samples: int
    notes: list[str]


def examine(experiment: Experiment, rule: str, dataset: data.DataSet) -> Examined:
    """Tenths of a second, or some seconds for the largest networks. What a network of one's own makes impossible is
    undecided. Raises SettingsError for what cannot be built."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # others train meanwhile
    try:
        one = subject(experiment, rule, dataset)
        found = transport(one), matrices(one), products(one)
        return Examined(*found, len(one.x), left_aside(experiment) + _fewer(one))
    except Exception as error:
        why = own_file.explain(error, experiment, "a proof, which works in float64,")
        if why is None or isinstance(error, SettingsError):
            raise
        return _impossible(undecided(rule, why), left_aside(experiment))
    finally:
        torch.set_num_threads(threads)


def _impossible(why: Finding, notes: list[str]) -> Examined:
    nothing = Transport({}, {}, {}, why), Matrices({}, None, None, None, why), Products({kind: Count() for kind in Kind}, why)
    return Examined(*nothing, 0, notes)


def _fewer(one: Subject) -> list[str]:
    layers = one.blocks + 1
    if len(one.shown) == layers:
        return []
    return [f"Of {layers} layers, {len(one.shown)} are changed and looked at: {', '.join(map(str, one.shown))}."]
