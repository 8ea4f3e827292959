"""One file of each kind that can be added to the lab, with the tests that must find it (test_one_file.py)."""

from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Addition:
    """One file with its text; the words after `python -m dfa_lab` that use it, and what must then be printed, or written to
    out.json; and the tests that must find it: places in tests/, each with how many tests there pass. `replaced`, of a page
    alone: a file that is there, a line of it, and what stands in that line's place."""

    file: str
    text: str
    tests: dict[str, int]
    command: list[str] = field(default_factory=list)
    printed: str = ""
    replaced: tuple[str, str, str] | None = None


RULE = '''
"""coarse: direct feedback of which only the signs are random."""

from dfa_lab.feedback.rule import DirectRule, Draw
from dfa_lab.networks import Network


class Coarse(DirectRule):
    """As dfa, but every entry of B has the same size."""

    title = "Coarse feedback"
    equation = r"\\hat\\delta_\\ell = e \\, \\mathrm{sign}(B_\\ell)"
    source = "this test"
    colour = "#8844AA"

    def __init__(self, network: Network, magnitude: float, draw: Draw):
        super().__init__(network, magnitude, draw)
        for B in self.buffers():
            B.sign_().div_(10)


RULE = Coarse
'''
NETWORK = '''
"""funnel: dense layers, each half as wide as the one before it."""

from math import prod

from torch import nn

from dfa_lab.networks.layers import NONLINEARITIES, Linear
from dfa_lab.settings.experiment import Experiment

SETTINGS = ("num_layers", "num_hidden", "nonlin")


def check(experiment: Experiment, shape: tuple[int, ...]) -> None:
    """Every input fits."""


def blocks(experiment: Experiment, shape: tuple[int, ...]) -> list[nn.Module]:
    """[Linear -> nonlinearity] per hidden layer."""
    made, wide = [], prod(shape)
    for number in range(experiment.num_layers):
        units = max(1, experiment.num_hidden >> number)
        made.append(nn.Sequential(nn.Flatten(), Linear(wide, units), NONLINEARITIES[experiment.nonlin]()))
        wide = units
    return made
'''
DATA_SET = '''
"""Rings around one middle, one for each class."""

from pathlib import Path

import numpy as np

from dfa_lab.data.about import Arrays, Facts
from dfa_lab.data.sets import _points

SETTINGS = ("classes",)


def facts(classes: int = 2) -> Facts:
    """Facts of the set; any number of `classes`."""
    return _points.facts("Rings", classes)


def load(folder: Path, download: bool, classes: int) -> Arrays:
    """The points; nothing is read, `folder` and `download` do not count."""
    return _points.arrays(_draw, classes)


def _draw(random: np.random.RandomState, labels: np.ndarray) -> np.ndarray:
    return _points.around(random.uniform(0, 2 * np.pi, len(labels)), labels + 1.0)
'''
STEP = """
[[steps]]
title = "Nothing happens"
text = "The control trains its readout alone."
question = "Is there a signal in layer 1?"
choices = ["Yes", "No"]
answer = 2
hint = "The chart of the signals."
reveal = "There is none."
claims = ["shallow signal_angle in layer 1 is missing", "shallow test_error < 0.99"]
[steps.settings]
rules = "shallow"
num_hidden = 8
epochs = 1
"""
LESSON = f'title = "A lesson of this test"\nminutes = 2\nplace = 9\nwhy = "To see that it is found."\n{STEP}{STEP}'
PAGE = '''
"""Glossary: what the words of the lab mean."""

import streamlit as st

from dfa_lab.records import METRICS

st.title("Glossary", anchor=False)
for name, (_, about) in METRICS.items():
    st.text(f"{name}: {about}")
'''
VIEW = '''
"""Widths: how many units each hidden layer has."""

import streamlit as st

from app.charts import pictures as draw
from app.learnt.view import Chosen, View, of_all, runs
from dfa_lab.runs.live import Status


def widths(status: Status, chosen: Chosen) -> None:
    """A number for every hidden layer."""
    words = ", ".join(map(str, status.layers))
    st.html(draw.side_by_side([draw.panel(rule, words, "", "") for _, rule in runs(status, chosen)]))


VIEW = View("Widths", "How many units each hidden layer has.", place=90, offered=of_all, draw=widths)
'''
MEASURE = '''
"""Sparsity: which share of the outputs of a block is exactly 0, on one batch."""

import torch

from dfa_lab.measure.seen import Columns, Probed

NAME = "sparsity"
ABOUT = "outputs that are 0"
NEEDS = ("hidden",)
DRAWN = {"zeros": {"name": "Zeros", "metric": "zeros"}}
METRICS = {"zeros": ("fraction", "outputs of block l that are exactly 0 on the probe batch")}


def columns(seen: Probed) -> Columns:
    """Needs `hidden`."""
    shares = [(h == 0).flatten(1).double().mean(1) for h in seen.hidden]
    return Columns.by_layer("zeros", range(1, len(shares) + 1), torch.stack(shares, 1))
'''
ADDRESS = "test_an_address_is_the_same_from_whichever_page_it_is_made"
RULES_PAGE = '    Page("rules", "Rules", "menu_book", "Proof and rules"),\n'
TRAIN = ["train", "--device", "cpu", "--epoch", "1", "--num_hidden", "8"]
MAPS = ["--network", "conv", "--conv_channels", "3", "--conv_hidden", "16"]  # goes run by run through autograd
ADDITIONS = {
    "rule": Addition(
        "dfa_lab/feedback/rules/coarse.py",
        RULE,
        {
            "test_project.py::test_a_rule_says_what_it_is_and_is_explained[coarse]": 1,
            "feedback/test_described.py::test_what_a_rule_says_can_be_so[coarse]": 1,
            "feedback/test_described.py::test_nothing_elsewhere_asks_for_a_rule_by_its_name": 1,
            "inspect/test_error_path.py::test_every_rule_says_on_which_path_its_error_comes": 1,
            "proofs/test_proofs.py::test_the_rules_of_the_lab_pass_and_are_left_as_they_were[coarse-mlp3]": 1,
            "networks/test_own_file.py::test_every_rule_trains_it[tokens-coarse]": 1,
        },
        [*TRAIN, "--gradient", "bp,coarse"],
        r"\bcoarse\b",
    ),
    "network": Addition(
        "dfa_lab/networks/kinds/funnel.py",
        NETWORK,
        {
            "settings/test_declared.py": 13,
            "pages/test_controls.py::test_the_form_shows_the_settings_that_the_network_declares[funnel]": 1,
        },
        [*TRAIN, "--network", "funnel", "--num_layers", "3"],
        "test error",
    ),
    "data set": Addition(
        "dfa_lab/data/sets/rings.py",
        DATA_SET,
        {
            "settings/test_declared.py::test_a_set_is_made_from_what_it_declares": 1,
            "data/test_data_always_there.py::test_the_sets_are_the_files": 1,
            "data/test_data_always_there.py::test_facts_describe_what_is_loaded[rings]": 1,
            "data/test_data_always_there.py::test_the_same_every_time_and_for_every_seed[rings]": 1,
            "data/test_data_always_there.py::test_training_and_test_share_no_rows[rings]": 1,
            "data/test_data_always_there.py::test_neighbours_tell_the_class[rings]": 1,
            "data/test_data_always_there.py::test_classes_are_honoured[10-rings]": 1,
        },
        [*TRAIN, "--dataset", "rings", "--classes", "3"],
        "test error",
    ),
    "lesson": Addition(
        "dfa_lab/lessons/of-this-test.toml",
        LESSON,
        {
            "lessons/test_claims.py::test_there_are_lessons_on_every_topic": 1,
            "lessons/test_claims.py::test_a_step_is_complete_and_needs_no_download[of-this-test-2]": 1,
            "lessons/test_claims.py::test_a_step_shows_what_it_claims[of-this-test-1]": 1,
        },
    ),
    "page": Addition(
        "pages/glossary.py",
        PAGE,
        {
            "pages/test_page_list.py::test_every_file_in_pages_is_in_the_list_and_the_other_way_round": 1,
            "pages/test_page_list.py::test_pages_differ_and_one_of_them_is_the_first": 1,
            "pages/test_page_list.py::test_nothing_else_says_where_a_page_is": 1,
            f"pages/test_page_list.py::{ADDRESS}[http://localhost:8501-glossary]": 1,
            "pages/test_pages.py::test_every_page_renders[glossary]": 1,
            "pages/test_page_folders.py::test_pages_have_folders_of_their_names": 1,
        },
        replaced=(
            "app/shell/pages.py",
            RULES_PAGE,
            f'{RULES_PAGE}    Page("glossary", "Glossary", "dictionary", "Proof and rules"),\n',
        ),
    ),
    "view": Addition(
        "app/learnt/views/widths.py",
        VIEW,
        {
            "pages/test_views.py": 2 + len(list((ROOT / "app" / "learnt" / "views").glob("[!_]*.py"))) + 1,
            "pages/test_views.py::test_a_file_has_one_view_and_it_is_in_the_list[widths]": 1,
            "pages/test_learnt_page.py::test_every_view_is_drawn_where_it_is_offered[widths]": 1,
        },
    ),
    "measure": Addition(
        "dfa_lab/measure/kinds/sparsity.py",
        MEASURE,
        {
            "measure/test_measures.py::test_a_group_measures_what_it_says_and_nothing_else": 1,
            "train/test_trainer.py::test_records_of_step_0_come_with_the_first_step": 1,
            "train/test_trainer.py::test_fields_of_the_records": 1,
            "train/test_trainer.py::test_what_is_expensive_is_measured_as_rarely_as_it_can_be_afforded": 1,
            "train/test_stepper.py::test_stacked_steps_and_measures_are_those_of_the_reference": 5,
            "train/stacked/test_probing.py::test_some_measures_are_the_same_as_among_all[sparsity]": 1,
            "train/stacked/test_probing.py::test_the_last_digit_does_not_depend_on_the_other_runs": 10,
            "pages/test_angles_page.py::test_all_that_is_measured_by_layer_is_drawn_and_the_browser_is_told": 1,
            "pages/test_report.py::test_everything_that_is_measured_is_in_a_table": 1,
        },
        [*TRAIN, *MAPS, "--nonlin", "relu", "--measures", "sparsity", "--processes", "1", "--json", "out.json"],
        r'"zeros": \{\s*"1": \[\s*0\.\d+\s*\],\s*"2": \[\s*0\.\d+\s*\]',  # not none of them, nor all
    ),
}
