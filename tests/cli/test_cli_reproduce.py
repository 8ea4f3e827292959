"""`reproduce` on the command line, with a table of digits in the paper's place."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from dfa_lab.cli.reproduce import reproduce
from dfa_lab.paper import tables
from dfa_lab.paper.outcomes import Outcomes
from dfa_lab.runs.manager import Manager
from tests.children import Child
from tests.holding import held
from tests.paper.small_tables import ROW, SMALL
from tests.runs.patience import PATIENCE, until

ROOT = Path(__file__).parents[2]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "TABLES", SMALL)


def application() -> typer.Typer:
    app = typer.Typer(rich_markup_mode=None)
    app.command()(reproduce)
    return app


def invoke(folder: Path, *words: object) -> Result:
    return CliRunner().invoke(application(), [*map(str, words), "--runs", str(folder)])


def lines(result: Result, rule: str) -> list[str]:
    assert result.exit_code == 0, (result.output, result.exception)
    return [line for line in result.stdout.splitlines() if f"  {rule} " in line]


def test_without_options_it_shows_what_there_is(tmp_path: Path) -> None:
    result = invoke(tmp_path)
    assert len(lines(result, "dfa")) == 18 and len(lines(result, "bp")) == 17
    assert "2×800 Tanh + DO   dfa  1.45 ± 0.07  ✓  –" in result.stdout
    for sign, about in tables.MARKS.values():
        assert f"{sign} {about}" in result.stdout
    assert len(lines(invoke(tmp_path, "--table", 2), "fa")) == 4
    with_nothing_trained = Manager(tmp_path)
    assert with_nothing_trained.store.experiments() == []
    with_nothing_trained.close()


@pytest.mark.usefixtures("small")
def test_a_cell_is_trained_once_and_shown(tmp_path: Path) -> None:
    words = ("--table", 4, "--row", "1X20 tanh", "--rule", "dfa", "--seeds", 2, "--epochs", 3, "--device", "cpu")
    (line,) = lines(invoke(tmp_path, *words), "dfa")
    assert line.startswith("1×20 Tanh  dfa  6.0 ± 0.5  ✓") and "2 seeds" in line and "3 of 300 epochs" in line
    assert lines(invoke(tmp_path, *words), "dfa") == [line]  # it is there
    manager = Manager(tmp_path)
    ((one,),) = Outcomes(manager).read().values()
    assert (one.state, one.experiment) == ("finished", ROW.experiment("dfa", 2, 3))
    manager.close()
    assert len(lines(invoke(tmp_path, "--all", "--epochs", 1), "bp")) == 1  # both rules, beside what there is
    (shown,) = lines(invoke(tmp_path), "dfa")
    assert shown == line


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--table", "7"], "--table is 7: give one of 1, 2, 3."),
        (["--row", "3x1000"], "--row is '3x1000': give one of these, with the --table in front of it: 2: 3×1000 Tanh; "),
        (["--table", "1", "--row", "9x9"], "--row is '9x9': give one of these, with the --table in front of it: 1: 7×240 Tanh"),
        (["--rule", "drtp"], "--rule is 'drtp': give one or more of bp, fa, dfa, with commas between them."),
        (["--row", "100x240", "--rule", "bp"], "The paper gives no figure of bp for 100×240 Tanh: give --rule dfa."),
        (["--row", "2x800 tanh", "--device", "cuda:63"], "device (--type) is 'cuda:63'"),
        (["--row", "2x800 tanh", "--datapath", "nowhere"], "MNIST is not there because"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(tmp_path: Path, words: list[str], sentence: str) -> None:
    result = invoke(tmp_path / "runs", *words)
    assert result.exit_code == 2 and result.stdout == ""
    assert result.stderr.startswith(sentence) and len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("small")
def test_stopped_and_continued_by_the_same_command(tmp_path: Path) -> None:
    words = ["--row", "1x20", "--rule", "dfa", "--epochs", "8", "--runs", str(tmp_path)]
    process = Child(__file__, *words)
    manager = Manager(tmp_path, resume=False)

    def begun() -> bool:
        assert process.poll() is None
        return any(one.reached > 1 for several in Outcomes(manager).read().values() for one in several)

    until(begun, "more than one epoch")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1 and "Stopped: the same command goes on from here." in err and "1×20 Tanh" in out
    ((one,),) = Outcomes(manager).read().values()
    manager.close()
    assert one.state == "interrupted" and one.continues is not None and 1 <= one.continues < 8
    (line,) = lines(invoke(tmp_path, *words[:-2]), "dfa")
    assert "8 of 300 epochs" in line
    manager = Manager(tmp_path, resume=False)
    ((same,),) = Outcomes(manager).read().values()
    manager.close()
    assert (same.id, same.state) == (one.id, "finished")


@pytest.mark.real_data
def test_on_the_paper_s_own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first row, but with fewer and narrower layers: in seconds."""
    if not os.environ.get("DFA_LAB_DATA"):
        pytest.skip("DFA_LAB_DATA names no folder of data sets")
    table = tables.TABLES[0]
    row = replace(table.rows[0], settings={**table.rows[0].settings, "num_layers": 1, "num_hidden": 50, "learning_rate": 1e-3})
    monkeypatch.setattr(tables, "TABLES", (replace(table, rows=(row,)),))
    (line,) = lines(invoke(tmp_path, "--row", "7x240", "--rule", "dfa", "--epochs", 1), "dfa")
    assert "1 of 300 epochs" in line and float(line.split("?")[1].split()[0]) < 12


if __name__ == "__main__":
    tables.TABLES = SMALL
    with held(2 * 45):  # of 8 epochs two, then slowly: it is still training when it is stopped
        application()()
