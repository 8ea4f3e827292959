"""Command lines that nobody means: a few of `make attacks`, and an example of each that once ended in a traceback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dfa_lab.cli import main
from tests.attacks import commanding
from tests.export.zips import ID


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with commanding.in_a_folder() as folder:
        yield folder


def test_every_command_line_ends_with_an_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commanding, "IN_A_PROCESS", 10**9)
    outcome = commanding.attack(60, seed=2)
    assert outcome.faults == []
    assert outcome.counted["ended with 2"] > 20 and outcome.counted["ended with 0"] >= 3


def test_a_traceback_is_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dfa_lab.paper.tables.TABLES", None)
    assert commanding._here(["reproduce"])[0] == "a traceback"


LONG = "x" * 300


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["export", ID, "--out", ".", "--runs", "runs"],
            "--out is '.': that is a folder; name a file, such as 0123abcdef.zip, in it.",
        ),
        (["export", ID, "--out", "", "--runs", "runs"], "that is a folder"),
        (["export", ID, "--out", "x.zip", "--runs", LONG], "There is no folder of runs"),
        (["resume", ID, "--epoch", "3", "--runs", LONG], "There is no folder of runs"),
        (["import", LONG, "--runs", "runs"], "There is no file"),
        (["import", "one.zip", "--runs", LONG], "is longer than a folder's name may be"),
        (["train", "--num_hidden", "2", "--quiet", "--runs", LONG], "is longer than a folder's name may be"),
        (["ui", "--models", LONG], "there is no such folder"),
        (["ui", "--shared", "--admin-token-file", "/dev/zero"], "at least 16 are needed"),
        (["ui", "--shared", "--admin-token-file", "one.zip"], "it cannot be read"),
        (["train", "--dataset", "points", "--points", "@/dev/zero"], "a file of at most 10 MB"),
    ],
    ids=lambda words: " ".join(words)[:60] if isinstance(words, list) else "",
)
def test_refused_where_it_ended_in_a_traceback_or_in_no_memory(words: list[str], said: str, folder: Path) -> None:
    result = CliRunner().invoke(main.app, words)
    assert result.exit_code == 2, (result.output, result.exception)
    assert said in result.stderr and result.stderr.count("\n") == 1
