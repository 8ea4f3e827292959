"""Command lines that nobody means: each ends with exit status 0, 1 or 2, and never in a traceback."""

import os
import random
import re
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from dfa_lab.cli import main
from dfa_lab.networks import own_file
from dfa_lab.settings.experiment import RULES, Experiment, extra
from dfa_lab.settings.wording import spellings
from tests import children
from tests.attacks.hostile_values import NUMBERS, text
from tests.attacks.mutated_zips import mutated
from tests.attacks.outcome import Outcome
from tests.export.zips import ID, trained, zipped

SMALL = {"num_hidden": "4", "epochs": "1", "batch_size": "800", "probe_size": "2", "rules": "dfa", "device": "cpu"}
FOLDERS = (
    "",
    ".",
    "/",
    "/dev/null",
    "/dev/full",
    "/proc/self",
    "a file",
    "runs/deeper/x",
    "x" * 300,
    "/boot/x",
    "\udcff",
    "a\nb",
)
FILES = (*FOLDERS, "one.zip", "runs", "/proc/self/environ", "/nowhere/x.json", "x/../y.json", "runs/runs.sqlite", "empty.zip")
NAMES = (
    *RULES,
    "digits",
    "moons",
    "mlp",
    "conv",
    "cpu",
    "cuda:7",
    "0",
    "1",
    "-1",
    "on",
    "off",
    "none",
    "@points.txt",
    "@/dev/zero",
)
IN_A_PROCESS = 40  # one in so many is given to a real one
PATIENCE = 120
TRACES = re.compile(r"Traceback|\w(?:Error|Exception|Warning)\b|<class |site-packages|line \d+, in ")


def folder_of_a_person(folder: Path) -> None:
    """What the lines are about: an experiment, zips, a file in the way of a folder."""
    store, checkpoints, _ = trained(folder / "runs", seeds="0", rules="dfa", num_hidden=4)
    raw = zipped(store, checkpoints)
    store.close()
    (folder / "one.zip").write_bytes(raw)
    (folder / "odd.zip").write_bytes(mutated(raw, 25, 1)[1])
    (folder / "empty.zip").write_bytes(b"")
    (folder / "a file").write_text("mine")
    (folder / "points.txt").write_text("1,2,a\n3,4,b\n")


def _value(chance: random.Random) -> str:
    kind = chance.randrange(5)
    if kind == 0:
        return str(chance.choice(NUMBERS))[:4000]
    return text(chance) if kind in (1, 2) else chance.choice(FILES) if kind == 3 else chance.choice(NAMES)


def _settings(chance: random.Random) -> list[str]:
    """Options of `train` and `prove`: small ones, and up to three that are hostile."""
    given = {name: value for name, value in SMALL.items() if chance.random() < 0.97}
    for name in chance.sample(list(Experiment.model_fields), chance.choice((0, 1, 1, 2, 3))):
        given[name] = _value(chance)
    return [word for name, value in given.items() for word in _spelt(name, value, chance)]


def _spelt(name: str, value: str, chance: random.Random) -> list[str]:
    if extra(Experiment.model_fields[name])["switch"] and chance.random() < 0.95:
        value = ""
    dashes, spelling = chance.choice(("-", "--", "--")), chance.choice(spellings(name))
    if not value:
        return [f"{dashes}{spelling}"]
    return [f"{dashes}{spelling}={value}"] if chance.random() < 0.4 else [f"{dashes}{spelling}", value]


def _train(chance: random.Random) -> list[str]:
    words = ["train", *_settings(chance)]
    for option in ("--json", "--runs"):
        if chance.random() < 0.25:
            words += [option, chance.choice(FILES)]
    return [*words, *(["--quiet"] if chance.random() < 0.5 else [])]


def _prove(chance: random.Random) -> list[str]:
    return ["prove", *_settings(chance), "--seconds", chance.choice(("0", "0", _value(chance)))]


def _others(chance: random.Random) -> list[str]:
    """The commands about a folder of runs, and the page."""
    id = chance.choice((ID, ID, _value(chance)))
    runs = ["--runs", chance.choice(("runs", "runs", chance.choice(FOLDERS)))]
    numbers = [chance.choice(("1", "0", "-1", _value(chance))) for _ in range(3)]
    lines = (
        ["export", id, "--out", chance.choice(FILES), *runs],
        ["import", chance.choice((*FILES, "odd.zip")), *runs],
        ["resume", id, "--epoch", chance.choice(("3", "0", "-1", "nan", "1" * 30, "", "٣")), *runs],
        ["reproduce", "--table", numbers[0], *runs],
        ["reproduce", "--row", _value(chance), "--rule", _value(chance), "--seeds", numbers[1], "--epochs", numbers[2], *runs],
        ["reproduce", "--table", "1", "--row", "2x800 tanh", "--rule", "dfa", "--datapath", chance.choice(FOLDERS[1:]), *runs],
        ["ui", "--no-browser", "--port", numbers[0], "--address", _value(chance), *runs],
        ["ui", "--no-browser", "--quota", _value(chance), "--models", chance.choice(FOLDERS), *runs],
        ["ui", "--no-browser", "--shared", "--admin-token-file", chance.choice(FILES), *runs],
        [_value(chance), *_settings(chance)],
    )
    return chance.choice(lines)


def line(number: int, seed: int) -> list[str]:
    """Words behind `dfa-lab`; now and then one of them is doubled, lost, or followed by another."""
    chance = random.Random(f"{seed} {number}")
    words = chance.choice((_train, _train, _prove, _others, _others))(chance)
    if chance.random() < 0.15:
        at = chance.randrange(len(words))
        words = chance.choice(
            (words[:at] + words[at + 1 :], words[:at] + words[at : at + 1] * 2 + words[at + 1 :], [*words, _value(chance)])
        )
    return words


@contextmanager
def in_a_folder() -> Iterator[Path]:
    """A folder of its own, as nobody's but this process's; `ui` checks all and serves nothing."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder_of_a_person(Path(name))
        patch.chdir(name)
        for variable in ("DFA_LAB_RUNS", "DFA_LAB_MODELS", "DFA_LAB_QUOTA", "DFA_LAB_SHARED", "DFA_LAB_ADMIN_TOKEN_FILE"):
            patch.setenv(variable, "")  # so that what a line sets goes with this
            patch.delenv(variable)
        patch.setattr("app.launch.serve", lambda *_: None)
        own_file.permit()
        yield Path(name)


def attack(count: int, seed: int) -> Outcome:
    """Give so many."""
    outcome = Outcome("command lines", count)
    get_command(main.app)
    with in_a_folder() as folder:
        before = dict(os.environ)
        for number in range(count):
            words = line(number, seed)
            really = number % IN_A_PROCESS == IN_A_PROCESS - 1 and words[0] != "ui"
            code, said, why = _in_a_process(words) if really else _here(words)
            if code not in (0, 1, 2) or TRACES.search(said):
                outcome.fault(f"number {number}: {words!r} ended with {code}: {said[-300:]!r} {why}")
            outcome.counted[f"ended with {code}"] += 1
            os.environ.clear()
            os.environ.update(before)
        if (folder / "a file").read_text() != "mine":
            outcome.fault("a person's file was changed")
    return outcome


def _here(words: list[str]) -> tuple[object, str, str]:
    result = CliRunner().invoke(main.app, words)
    error = result.exception
    if error is None or isinstance(error, SystemExit):
        return result.exit_code, result.output, ""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return "a traceback", result.output, f"{type(error).__name__} in {frame.name}, {frame.filename}: {str(error)[:200]}"


def _in_a_process(words: list[str]) -> tuple[object, str, str]:
    done = children.run("-m", "dfa_lab", *words, timeout=PATIENCE)
    return done.returncode, done.stdout + done.stderr, "in a process"
