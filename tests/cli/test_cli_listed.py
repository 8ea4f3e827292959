"""train --runs: the command line and a page on one folder at once."""

import json
import signal
from contextlib import closing
from pathlib import Path

from typer.testing import CliRunner

from dfa_lab.cli import main
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.parsing import parse
from tests.children import Child
from tests.runs.patience import PATIENCE, until

ROOT = Path(__file__).parents[2]
QUICK = ["--num_hidden", "8", "--batchSize", "256", "--device", "cpu"]


def test_a_training_is_kept_where_it_is_told(tmp_path: Path) -> None:
    folder, file = tmp_path / "kept", tmp_path / "out.json"
    words = ["train", *QUICK, "--epoch", "2", "--gradient", "bp,dfa", "--runs", str(folder), "--json", str(file)]
    done = CliRunner().invoke(main.app, words)
    assert done.exit_code == 0, done.output
    results = json.loads(file.read_text())["runs"]
    with closing(Store(folder)) as store:
        (one,) = store.experiments()
        assert one.experiment == parse({"num_hidden": 8, "batchSize": 256, "device": "cpu", "epoch": 2, "gradient": "bp,dfa"})
        assert (one.state, one.sentence, one.demo) == ("finished", "", False)
        finals = store.finals([one.id]).set_index(["metric", "run"])["value"]
        assert [finals["test_error", run] for run in (0, 1)] == [run["test_error"] for run in results]
        assert [(e.kind, e.text) for e in store.events(one.id)] == [("running", "by the command line"), ("finished", "")]
        assert store.problem == ""
    assert not list(folder.glob("server-*.lock"))


def test_a_page_sees_what_the_command_line_does(tmp_path: Path) -> None:
    with closing(Store(tmp_path)) as page:
        page.create("mine", parse({}))
        page.set_state("mine", "running")
        with Child("-m", "dfa_lab", "train", *QUICK, "--epoch", "100000", "--runs", str(tmp_path)) as process:
            try:
                until(lambda: len(page.experiments()) == 2 and page.count(page.experiments()[0].id) > 50)
                theirs = page.experiments()[0]
                assert theirs.state == "running" and not page.busy(theirs)
                before = page.count(theirs.id)
                until(lambda: page.count(theirs.id) > before)
                process.send_signal(signal.SIGINT)
                said = process.communicate(timeout=PATIENCE)[1]
            finally:
                process.kill()
        after = page.get(theirs.id)
        assert after is not None and after.state == "stopped" and after.sentence.startswith("Stopped at step ")
        assert after.sentence in said
        assert max(page.finals([theirs.id])["step"].tolist()) <= int(after.sentence.split()[3])
        assert (mine := page.get("mine")) is not None and mine.state == "running"


def test_a_folder_that_cannot_keep_runs_is_refused_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    done = CliRunner().invoke(main.app, ["train", *QUICK, "--runs", str(tmp_path / "file")])
    assert done.exit_code == 2 and done.stdout == ""
    assert done.stderr.startswith(f"--runs is {tmp_path / 'file'}: Runs are not being kept: ")
    assert done.stderr.endswith("is not a folder. Give another folder with --runs.\n")
