"""tools/claims: what it can check, and what it says of a claim that holds and of one that does not."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from dfa_lab.lessons import lessons
from dfa_lab.lessons.claims import COMPARISON, COUNTED, EACH, MISSING, OF_ALL
from dfa_lab.train.preflight import check

ROOT = Path(__file__).parents[1]
SMALL = """
[[said]]
where = "docs/here.md"
title = "small"
claims = ["dfa test_error < 1", "mean dfa test_error = 0.5 ± 0.5"{more}]
[said.settings]
rules = "dfa"
num_hidden = 5
epochs = 1
"""


@pytest.fixture(scope="module")
def command() -> ModuleType:
    """tools/claims, imported."""
    spec = spec_from_file_location("checking_claims", ROOT / "tools" / "claims" / "__main__.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module


def test_it_checks_every_step_and_what_docs_say(command: ModuleType):
    names = [one.name for one in command.said()]
    steps = [f"{lesson.name} {n}: {step.title}" for lesson in lessons().values() for n, step in enumerate(lesson.steps, 1)]
    assert names[: len(steps)] == steps and len(set(names)) == len(names) > len(steps)
    for one in command.said():
        check(one.experiment)
        for claim in one.claims:
            plain = COUNTED.sub("", claim.removeprefix("usually "), count=1)
            assert any(words.fullmatch(plain) for words in (COMPARISON, MISSING, OF_ALL, EACH)), claim


def test_what_docs_say_is_in_a_file_that_there_is(command: ModuleType):
    places = {one.name.split(":")[0] for one in command.said() if one.name.startswith("docs/")}
    assert places and all((ROOT / place).is_file() for place in places)


@pytest.mark.parametrize(("more", "status"), [("", 0), (', "dfa test_error < 0.001"', 1)])
def test_the_status_says_whether_all_hold(command: ModuleType, more: str, status: int, tmp_path: Path, monkeypatch, capsys):
    file = tmp_path / "documented.toml"
    file.write_text(SMALL.format(more=more), encoding="utf-8")
    monkeypatch.setattr(command, "DOCUMENTED", file)
    monkeypatch.setattr(sys, "argv", ["claims", "--seeds", "3", "--only", "here.md"])
    with pytest.raises(SystemExit) as ended:
        command.main()
    printed = capsys.readouterr().out
    assert ended.value.code == status and "docs/here.md: small" in printed
    assert ("all claims hold" in printed) == (not status) and ("seed 2: " in printed) == bool(status)
    assert printed.count("3 of 3") == 2  # whatever else is claimed, these hold


def test_a_name_that_there_is_not(command: ModuleType, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["claims", "--only", "nothing of that name"])
    with pytest.raises(SystemExit):
        command.main()
    assert "there is nothing named 'nothing of that name'" in capsys.readouterr().err
