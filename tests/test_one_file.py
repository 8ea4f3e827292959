"""To add a rule, a network, a data set or a lesson is to add one file: done here, in a copy of the project.

In the copy the one file is written, the lab is asked for what is new, and those tests are run that must have found it
by themselves. To have another kind of addition tested, write an `Addition` down in ADDITIONS.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COPIED = ("app", "dfa_lab", "pages", "tests", "docs", "examples")
# A child for each addition, forked from one process that has imported torch, which takes longer than all else here: what
# `python -m dfa_lab …` prints, then the tests. Words: a folder, those of the command and the tests, for each addition.
SCRIPT = """
import os, runpy, sys
import numpy, pytest, torch

def ask(folder, command, tests):
    os.chdir(folder)
    sys.path.insert(0, folder)
    import dfa_lab
    assert os.path.samefile(os.path.dirname(os.path.dirname(dfa_lab.__file__)), folder), dfa_lab.__file__
    if command:
        sys.argv = ["dfa_lab", *command.split("|")]
        try:
            runpy.run_module("dfa_lab", run_name="__main__", alter_sys=True)
        except SystemExit as ended:
            if ended.code:
                return 1
    print("The tests:", flush=True)
    return pytest.main(["-p", "no:cacheprovider", "--tb=short", "-rp", *tests.split("|")])

sys.path = [place for place in sys.path if place]
for folder, command, tests in zip(*[iter(sys.argv[1:])] * 3):
    if os.fork() == 0:
        code = 1
        try:
            with open(os.path.join(folder, "printed"), "w") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
                code = ask(folder, command, tests)
                print("\\nEnded with", int(code), flush=True)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(int(code))
    os.wait()
"""


@dataclass(frozen=True)
class Addition:
    """One file with its text; the words after `python -m dfa_lab` that use it, and what must then be printed; and the tests
    that must find it: places in tests/, each with how many tests there pass."""

    file: str
    text: str
    tests: dict[str, int]
    command: list[str] = field(default_factory=list)
    printed: str = ""


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
look = "The chart of the signals."
reveal = "There is none."
claims = ["shallow signal_angle in layer 1 is missing", "shallow test_error < 0.99"]
[steps.settings]
rules = "shallow"
num_hidden = 8
epochs = 1
"""
LESSON = f'title = "A lesson of this test"\nminutes = 2\nplace = 9\nwhy = "To see that it is found."\n{STEP}{STEP}'
TRAIN = ["train", "--device", "cpu", "--epoch", "1", "--num_hidden", "8"]
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
            "settings/test_declared.py": 12,
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
}


def copied(folder: Path) -> Path:
    """The project, compiled as it is, without what no test here needs."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("browser", "*.png"))
    for file in ROOT.iterdir():
        if file.is_file() and file.suffix in (".toml", ".md", ".txt"):
            shutil.copy(file, folder)
    return folder


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each command and its tests print, by kind of addition, each in a copy of its own."""
    words, folders = [], {}
    for kind, addition in ADDITIONS.items():
        folders[kind] = copied(tmp_path_factory.mktemp(kind.replace(" ", "_")))
        (folders[kind] / addition.file).write_text(addition.text.lstrip(), encoding="utf-8")
        tests = "|".join(f"tests/{place}" for place in addition.tests)
        words += [str(folders[kind]), "|".join(addition.command), tests]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DFA_LAB", "PYTHON"))}
    clean["PYTHONDONTWRITEBYTECODE"] = "1"
    command = [sys.executable, "-c", SCRIPT, *words]
    subprocess.run(command, cwd=tmp_path_factory.getbasetemp(), env=clean, timeout=600, check=True)
    return {kind: (folder / "printed").read_text(encoding="utf-8") for kind, folder in folders.items()}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.parametrize("kind", ADDITIONS)
def test_one_new_file_is_enough(kind: str, printed: dict[str, str]) -> None:
    addition = ADDITIONS[kind]
    assert not (ROOT / addition.file).exists()
    assert any(Path(addition.file).stem in place for place in addition.tests), "some test must not exist without it"
    shown, _, tested = printed[kind].partition("The tests:\n")
    assert re.search(addition.printed, shown), printed[kind][-4000:]
    assert tested.endswith("\nEnded with 0\n"), tested[-4000:]
    passed = re.findall(r"^PASSED tests/(\S.*)$", tested, re.MULTILINE)
    for place, count in addition.tests.items():
        assert sum(test == place or test.startswith(f"{place}::") for test in passed) == count, (place, passed)
