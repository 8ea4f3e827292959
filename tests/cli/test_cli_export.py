"""The commands: an experiment leaves one folder of runs and comes into another, or a sentence says why not."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from dfa_lab.cli.main import app
from dfa_lab.runs.store.store import Store
from tests.export.zips import ID, contents, trained


def lab(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.output


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    store, _, _ = trained(folder, seeds="0", rules="bp,dfa")
    store.close()
    return folder


def test_out_of_one_folder_and_into_another(runs: Path, tmp_path: Path) -> None:
    zip, other = tmp_path / "x.zip", tmp_path / "other"
    assert lab("export", ID, "--runs", runs, "--out", zip) == (
        0,
        f"Written: {zip}. Weights: from its checkpoint, after step 6.\n",
    )
    files = contents(zip.read_bytes())
    assert files["report.html"].startswith(b"<!doctype html>") and files["curves.png"].startswith(b"\x89PNG")
    assert lab("import", zip, "--runs", other) == (0, f"Imported as {ID}.\n")
    code, said = lab("import", zip, "--runs", other)
    assert code == 0 and "here already" in said
    store = Store(other)
    assert len(store.experiments()) == 2 and store.records(ID)
    store.close()


def test_what_cannot_be_is_said(runs: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    for words, says in (
        (("export", "nothing", "--runs", runs, "--out", tmp_path / "x.zip"), "There is no experiment 'nothing' here"),
        (("export", ID, "--runs", nowhere, "--out", tmp_path / "x.zip"), "no folder of runs"),
        (("export", ID, "--runs", runs, "--out", nowhere / "x.zip"), "it cannot be written (No such file or directory)"),
        (("import", nowhere, "--runs", tmp_path / "other"), "There is no file"),
        (("import", Path(__file__), "--runs", tmp_path / "other"), "test_cli_export.py': This is not a zip file"),
    ):
        code, said = lab(*words)
        assert code == 2 and says in said
    assert not list(tmp_path.glob("x.zip*")) and not nowhere.exists()
