"""--save, --load, --visualize and network files on the command line, in real processes where it matters."""

import json
import os
import re
import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner, Result

from dfa_lab.cli import main, output
from dfa_lab.networks import own_file
from dfa_lab.records import Record
from dfa_lab.runs.store.store import Store
from dfa_lab.train import checkpoint, saved
from dfa_lab.train.trainer import Trainer
from tests.children import Child
from tests.runs.patience import PATIENCE, until

ROOT = Path(__file__).parents[2]
QUICK = ["--num_hidden", "8", "--batchSize", "256", "--type", "cpu", "--gradient", "bp,dfa"]


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DFA_LAB_RUNS", str(tmp_path / "runs"))
    own_file.permit()  # the page, which other tests import, forbids it
    return tmp_path / "runs"


def process(*words: str, held_after: int | None = None) -> Child:
    """`held_after`: the step from which on it trains slowly, so that it cannot end before it is interrupted."""
    begin = ["-m", "dfa_lab"] if held_after is None else [str(Path(__file__).with_name("held_back.py")), str(held_after)]
    return Child(*begin, "train", *words)


def invoke(*words: object) -> Result:
    return CliRunner().invoke(main.app, ["train", *map(str, words)])


def trained(*words: object) -> Result:
    result = invoke(*QUICK, *words)
    assert result.exit_code == 0, (result.output, result.exception)
    return result


def refusal(*words: object) -> str:
    result = invoke(*words)
    assert result.exit_code == 2, (result.output, result.exception)
    (line,) = result.stderr.splitlines()
    assert result.stdout == "" and line.endswith(".") and len(line) < 600
    return line


def results(name: str) -> list[dict[str, Any]]:
    """The runs of results.json without what the clock measured."""
    found = json.loads((saved.folder(name) / "results.json").read_text())["runs"]
    for run in found:
        for row in (run, *run["epochs"]):
            del row["seconds"]
    return found


def same_tensors(one: str, other: str) -> bool:
    a, b = (load_file(saved.net(name)) for name in (one, other))
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def numbers(name: str) -> dict[str, Any]:
    return checkpoint.read(saved.net(name))[1]


def test_a_run_is_kept_and_its_name_taken(tmp_path: Path) -> None:
    out = trained("--epoch", 2, "--save", "first try", "--json", tmp_path / "out.json")
    folder = saved.folder("first try")
    assert folder == tmp_path / "runs" / "saved" / "first try"
    assert sorted(path.name for path in folder.iterdir()) == ["net.safetensors", "progress.json", "results.json"]
    assert (folder / "results.json").read_text() == (tmp_path / "out.json").read_text()
    assert saved.names() == ["first try"] and numbers("first try")["step"] == 12
    assert f"Kept in {folder}: --load 'first try' continues it, with more epochs (--epoch)." in out.stdout
    wanted = "save (--save) is 'first try': a run of this name is kept already; give another name, or continue it with --load "
    before = saved.net("first try").read_bytes()
    assert refusal(*QUICK, "--save", "first try").startswith(wanted)
    assert refusal("--load", "first try", "--LR", "0.1", "--save", "first try").startswith(wanted)
    assert saved.net("first try").read_bytes() == before


def test_a_name_that_could_not_be_loaded_is_refused() -> None:
    new, file = "asks for new weights", "is taken for the name of a file"
    for name, why in (("none", new), ("None", new), ("a.SafeTensors", file)):
        assert refusal(*QUICK, "--save", name).startswith(f"save (--save) is '{name}': --load '{name}' {why}")
    assert saved.names() == []


def test_ctrl_c_and_load_end_as_if_nothing_had_been() -> None:
    """In processes: interrupted, continued, and equal to the run without a break, bit for bit."""
    words = "--num_hidden 8 --num_layers 1 --epoch 10 --type cpu --gradient bp,dfa --threads 1".split()
    running = process(*words, "--save", "a", held_after=50)

    def begun() -> bool:
        assert running.poll() is None
        return (saved.folder("a") / "results.json").exists() and len(results("a")[0]["epochs"]) >= 2

    try:
        until(begun, "two epochs")
        running.send_signal(signal.SIGINT)
        stdout, stderr = running.communicate(timeout=PATIENCE)
    finally:
        running.kill()
    assert running.returncode == 1 and "Traceback" not in stderr
    stopped = numbers("a")["step"]
    assert stderr.startswith(f"Stopped at step {stopped} of 230.") and "--load a continues it." in stdout
    assert stopped > 45 and not list(saved.folder("a").glob("*.part"))

    continued = process("--load", "a")
    assert invoke(*words, "--save", "b").exit_code == 0
    _, stderr = continued.communicate(timeout=PATIENCE)
    assert (continued.returncode, stderr) == (0, f"Continues 'a' at step {stopped} of 230.\n")
    assert same_tensors("a", "b")
    assert results("a") == results("b") and len(results("a")[0]["epochs"]) == 10


def test_an_interrupt_within_an_epoch_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real, taken = Trainer.__next__, []

    def step(trainer: Trainer) -> list[Record]:
        records = real(trainer)
        taken.append(trainer.step)
        if len(taken) == 9:
            signal.raise_signal(signal.SIGINT)
        return records

    monkeypatch.setattr(Trainer, "__next__", step)
    assert invoke(*QUICK, "--epoch", 3, "--save", "a").stderr == "Stopped at step 9 of 18.\n"
    assert numbers("a")["step"] == 9 and len(results("a")[0]["epochs"]) == 1
    assert invoke("--load", "a").exit_code == 0
    trained("--epoch", 3, "--save", "b")
    assert same_tensors("a", "b") and results("a") == results("b")


def test_continuing_with_what_may_change(tmp_path: Path) -> None:
    # the last step of a training is always measured, and step 6 is the last of `a` only: so here it always is
    trained("--epoch", 1, "--save", "a", "--measure_every", 6)
    trained("--epoch", 3, "--save", "whole", "--measure_every", 6)
    went_on = invoke("--load", "a", "--epoch", 2, "--save", "b", "--threads", 1, "--num_hidden", 8)
    assert went_on.exit_code == 0 and went_on.stderr == "Continues 'a' at step 6 of 12.\n"
    assert numbers("a")["step"] == 6 and numbers("b")["step"] == 12
    assert [row["epoch"] for row in results("b")[0]["epochs"]] == [1, 2]
    again = invoke("--load", saved.net("b"), "--epoch", 3, "--quiet")
    assert (again.exit_code, again.output) == (0, "")
    assert same_tensors("b", "whole") and results("b") == results("whole")


def test_a_file_from_elsewhere_is_continued_with_results_from_there_on(tmp_path: Path) -> None:
    trained("--epoch", 1, "--save", "a")
    net = saved.net("a").rename(tmp_path / "sent.safetensors")
    result = invoke("--load", net, "--epoch", 2, "--json", tmp_path / "out.json", "--save", "mine")
    assert result.exit_code == 0 and "at step 6 of 12" in result.stderr
    assert [row["epoch"] for row in results("mine")[0]["epochs"]] == [2]
    (saved.folder("mine") / "progress.json").write_text("[{]")
    assert invoke("--load", "mine", "--epoch", 3).exit_code == 0


def test_another_learning_rate_starts_from_the_saved_weights() -> None:
    trained("--epoch", 2, "--save", "a")
    before = saved.net("a").read_bytes()
    result = invoke("--load", "a", "--LR", "1e-9", "--epoch", 1, "--save", "b")
    assert result.exit_code == 0, result.output
    assert result.stderr == "Starts from the weights of 'a'.\n"
    a, b = (load_file(saved.net(name)) for name in ("a", "b"))
    assert numbers("b")["step"] == 6 and numbers("b")["experiment"]["num_hidden"] == 8
    for name in a:
        if ".network." in name or ".rule." in name:
            torch.testing.assert_close(a[name], b[name], atol=1e-6, rtol=0)
    assert saved.net("a").read_bytes() == before


def test_it_is_not_saved_where_it_was_loaded_from_unless_it_is_continued() -> None:
    trained("--epoch", 1, "--save", "a")
    before = saved.net("a").read_bytes()
    assert invoke("--load", "a", "--seed", 5, "--epoch", 1).exit_code == 0
    assert saved.names() == ["a"] and saved.net("a").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("--load a", "load (--load) is 'a': the run has done all of its 3 epochs; give more with --epoch to continue it."),
        ("--load a --epoch 2", "epochs (--epoch) is 2: give a whole number above 3, the epochs that 'a' has done."),
        ("--load a --LR 0", "learning_rate (--LR) is 0: give a number above 0 and at most 100."),
        ("--load b", "load (--load) is 'b': there is no such run; saved are a."),
        ("--load b.safetensors", "load (--load) is 'b.safetensors': there is no such file."),
        (
            "--load ../saved/a",
            "load (--load) is '../saved/a': give none, the name of a saved run, or a file that ends in .safetensors.",
        ),
        ("--load a --num_hidden 9", "load (--load) is 'a': give a saved run whose network has the same layers and data set"),
        ("--save ../a", "save (--save) is '../a': give a name of at most 80 letters"),
    ],
)
def test_what_is_refused(words: str, wanted: str) -> None:
    trained("--epoch", 3, "--save", "a")
    assert refusal(*words.split()).startswith(wanted)


def test_nothing_to_load(runs: Path) -> None:
    assert refusal("--load", "a").startswith("load (--load) is 'a': there is no such run; none is saved in '")
    assert not runs.exists()


@pytest.mark.parametrize("harm", ["cut", "other", "empty"])
def test_a_damaged_file(harm: str) -> None:
    trained("--epoch", 1, "--save", "a")
    net = saved.net("a")
    content = net.read_bytes()
    net.write_bytes({"cut": content[:-100], "other": b"PK" + content, "empty": b""}[harm])
    for words in (["--epoch", "2"], ["--LR", "0.1"]):
        assert refusal("--load", "a", *words).startswith(
            "load (--load) is 'a': net.safetensors is no checkpoint of this lab, or"
        )


def test_a_disk_that_refuses_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told once, tried again, and what was kept before stays whole."""
    kept: list[int] = []

    def save(trainer: Any, path: Path) -> None:
        kept.append(trainer.step)
        if len(kept) in (2, 3):
            path.with_suffix(".part").write_bytes(b"half")
            raise OSError(28, "No space left on device")
        real(trainer, path)

    real = checkpoint.save
    monkeypatch.setattr(checkpoint, "save", save)
    result = trained("--epoch", 4, "--save", "a")
    (line,) = result.stderr.splitlines()
    reason = f"the run cannot be kept in {saved.folder('a')} (No space left on device)"
    assert line == f"save (--save) is 'a': {reason}; training goes on, it is tried again."
    assert numbers("a")["step"] == 24 and not list(saved.folder("a").glob("*.part"))
    assert invoke("--load", "a", "--epoch", 5).exit_code == 0
    assert len(results("a")[0]["epochs"]) == 5


def test_a_disk_that_refuses_at_the_end_keeps_what_continues(monkeypatch: pytest.MonkeyPatch) -> None:
    real = checkpoint.save

    def save(trainer: Any, path: Path) -> None:
        if trainer.step > 6:
            raise OSError(28, "No space left on device")
        real(trainer, path)

    monkeypatch.setattr(checkpoint, "save", save)
    result = invoke(*QUICK, "--epoch", 3, "--save", "a")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].endswith("(No space left on device); what was kept there before is still whole.")
    assert "dfa" in result.stdout and "Kept in" not in result.stdout
    monkeypatch.setattr(checkpoint, "save", real)
    trained("--epoch", 3, "--save", "whole")
    assert invoke("--load", "a").stderr == "Continues 'a' at step 6 of 18.\n"
    assert same_tensors("a", "whole") and results("a")[0]["test_error"] == results("whole")[0]["test_error"]


def test_a_disk_that_refuses_all_along_keeps_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def save(trainer: Any, path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save", save)
    result = invoke(*QUICK, "--epoch", 1, "--save", "a")
    assert result.exit_code == 1 and "Kept in" not in result.stdout
    assert result.stderr.splitlines()[-1].endswith("(No space left on device); nothing is kept there.")


def test_a_folder_that_cannot_be_made(runs: Path) -> None:
    runs.write_text("a file")
    assert refusal(*QUICK, "--save", "a").startswith("save (--save) is 'a': the folder ")


def test_divergence_keeps_the_last_good_state() -> None:
    words = "--optimization sgd --LR 100 --nonlin relu --num_layers 5 --num_hidden 30 --gradient bp --epoch 3 --type cpu"
    result = invoke(*words.split(), "--save", "a")
    assert result.exit_code == 1 and "diverged" in result.stderr
    assert numbers("a")["step"] <= 1
    assert "diverged" in json.loads((saved.folder("a") / "results.json").read_text())["failed"]


# ---- the report ----


@pytest.mark.parametrize("words", [["-visualize", "1"], ["--visualize"], ["-visualize"], ["--visualize=1"]])
def test_visualize_writes_a_report(words: list[str], runs: Path) -> None:
    result = trained("--epoch", 2, *words)
    (folder,) = (runs / "saved").iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d", folder.name)
    assert f"Report: {folder / 'report.html'} and {folder / 'curves.png'}" in result.stdout
    assert sorted(path.name for path in folder.iterdir()) == ["curves.png", "report.html"]
    assert saved.names() == []


def test_visualize_0_writes_none(runs: Path) -> None:
    trained("--epoch", 1, "-visualize", "0")
    assert not runs.exists()


def test_the_report_is_written_meanwhile_but_not_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []

    def count(summary: dict) -> str:
        written.append(len(summary["runs"][0]["epochs"]))
        return "x"

    monkeypatch.setattr("app.report.html", count)
    trained("--epoch", 4, "--visualize")
    assert written == [4]
    monkeypatch.setattr(output.Report, "PAUSE", 0)
    monkeypatch.setattr("app.report.png", lambda summary: b"")
    trained("--epoch", 2, "--visualize", "--save", "a")
    assert written[1:3] == [0, 1] or written[-1] == 2
    assert (saved.folder("a") / "report.html").read_text() == "x" and saved.names() == ["a"]


# ---- network files ----


@pytest.mark.parametrize("rule", ["bp", "fa", "dfa"])
def test_the_example_trains(rule: str, tmp_path: Path) -> None:
    example = ROOT / "examples" / "residual.py"
    words = ["--num_hidden", "32", "--num_layers", "2", "--epoch", "6", "--LR", "0.003", "--type", "cpu", "--gradient", rule]
    result = invoke("--network", example, *words, "--json", tmp_path / "out.json")
    assert result.exit_code == 0, (result.output, result.exception)
    (run,) = json.loads((tmp_path / "out.json").read_text())["runs"]
    assert run["test_error"] < 0.3 and list(run["angles"]["signal"]) == ["1", "2", "3"]


def test_a_network_file_is_found_in_the_folder_saved_and_continued(tmp_path: Path) -> None:
    (tmp_path / "Nets").mkdir()
    (tmp_path / "Nets" / "mine.py").write_text((ROOT / "examples" / "residual.py").read_text())
    trained("-network", "mine.py", "-modelsFolder", tmp_path / "Nets", "--epoch", 1, "--save", "a")
    trained("--network", tmp_path / "Nets" / "mine.py", "--epoch", 2, "--save", "whole")
    assert invoke("--load", "a", "--epoch", 2).exit_code == 0
    assert same_tensors("a", "whole")


def test_an_error_in_a_network_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import nothing_like_it\n")
    line = refusal("--network", tmp_path / "bad.py")
    assert line.endswith("bad.py': line 1: ModuleNotFoundError: No module named 'nothing_like_it'.")
    late = "from torch import nn\nclass Late(nn.Linear):\n    n = 0\n    def forward(self, h):\n        Late.n += 1\n"
    late += "        assert Late.n < 40, 'tired'\n        return super().forward(h.flatten(1))\n"
    (tmp_path / "late.py").write_text(late + "def blocks(experiment, shape):\n    return [Late(64, 5)]\n")
    result = invoke("--network", tmp_path / "late.py", "--gradient", "bp", "--epoch", 40)
    assert result.exit_code == 1 and result.stderr.endswith(
        "late.py': training with it ended in an error (line 6: AssertionError: tired).\n"
    )


@pytest.mark.parametrize("given", ["option", "environment"])
def test_ui_tells_the_server_which_folder_to_trust(given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.launch.serve", lambda *_: None)
    monkeypatch.setenv("DFA_LAB_MODELS", "nets" if given == "environment" else "")
    (tmp_path / "nets").mkdir()
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main.app, ["ui", *(["--models", "nets"] if given == "option" else [])])
    assert result.exit_code == 0, result.output
    assert os.environ["DFA_LAB_MODELS"] == str(tmp_path / "nets")
    result = CliRunner().invoke(main.app, ["ui", "-models", "gone"])
    assert result.exit_code == 2
    assert result.stderr == "--models is gone: there is no such folder; name the one that holds your network files.\n"


def test_a_network_file_that_a_saved_net_names_needs_to_be_trusted(tmp_path: Path) -> None:
    """It would be run, and whoever sends the net could choose which. A copy of a net does not inherit its name."""
    own = tmp_path / "own.py"
    own.write_text("from torch import nn\ndef blocks(e, shape):\n    return [nn.Sequential(nn.Flatten(), nn.Linear(64, 5))]\n")
    trained("--network", own, "--epoch", 1, "--save", "mine")
    copy = tmp_path / "sent.safetensors"
    copy.write_bytes(saved.net("mine").read_bytes())
    line = refusal("--load", copy, "--epoch", 2)
    assert "own.py', which would be run; give --network too" in line
    result = invoke("--load", copy, "--epoch", 2, "--network", own)
    assert result.exit_code == 0 and "Continues" in result.stderr
    assert checkpoint.read(saved.net("mine"))[1]["step"] == 6  # of one epoch: untouched
    assert invoke("--load", "mine", "--epoch", 2).exit_code == 0  # one's own runs are trusted


@pytest.mark.parametrize("where", ["--runs", "DFA_LAB_RUNS"])
def test_one_folder_of_runs_is_one_folder(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is saved, listed, exported, loaded and drawn."""
    folder, elsewhere = tmp_path / "theirs", tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.delenv("DFA_LAB_RUNS")
    named = ["--runs", folder]
    if where == "DFA_LAB_RUNS":
        monkeypatch.setenv("DFA_LAB_RUNS", str(folder))
    said = trained("--epoch", 1, "--save", "mine", "--visualize", *named).stdout
    assert f"Kept in {folder / 'saved' / 'mine'}: " in said and f"Report: {folder / 'saved' / 'mine' / 'report.html'}" in said
    with closing(Store(folder)) as store:
        (one,) = store.experiments()
    done = CliRunner().invoke(main.app, ["export", one.id, "--out", str(tmp_path / "out.zip"), *map(str, named)])
    assert done.exit_code == 0 and "Weights: from the saved run mine, after step 6." in done.stdout
    assert "Continues 'mine' at step 6 of 12." in invoke("--load", "mine", "--epoch", 2, *named).stderr
    assert not list(elsewhere.iterdir())
    assert (os.environ.get("DFA_LAB_RUNS") or "") == (str(folder) if where == "DFA_LAB_RUNS" else "")
