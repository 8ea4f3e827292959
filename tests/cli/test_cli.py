"""The command line: what it trains, what it writes, what it refuses; the first tests in real processes."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from typer.main import get_command
from typer.testing import CliRunner, Result

from dfa_lab.cli import main, output
from dfa_lab.records import Record
from dfa_lab.settings.experiment import DATASETS, Experiment, extra
from dfa_lab.settings.parsing import parse
from dfa_lab.settings.wording import allowed, spellings
from dfa_lab.train.results import ANGLES, MEASURES, Results, last_measured, older
from dfa_lab.train.trainer import Trainer
from tests.children import Child
from tests.runs.patience import PATIENCE, until

ROOT = Path(__file__).parents[2]
QUICK = ["--num_hidden", "8", "--batchSize", "256", "--device", "cpu"]
SHORT = [*QUICK, "--epoch", "2"]


def process(*words: str, folder: Path | None = None) -> Child:
    environment = {k: v for k, v in os.environ.items() if k != "DFA_LAB_DATA"} | {"COLUMNS": "80"}
    return Child("-m", "dfa_lab", *words, env=environment, cwd=folder)


def invoke(*words: object) -> Result:
    return CliRunner().invoke(main.app, ["train", *map(str, words)])


def refusal(*words: object) -> str:
    """What is said, in one sentence, about options that cannot be used."""
    result = invoke(*words)
    assert result.exit_code == 2, (result.output, result.exception)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr and "Error(" not in result.stderr
    (line,) = result.stderr.splitlines()
    assert line.endswith((".", "?")) and len(line) < 600
    return line


def trained(path: Path, *words: object) -> dict:
    """The file that a training leaves."""
    result = invoke(*QUICK, *words, "--json", path)
    assert result.exit_code == 0, (result.output, result.exception)
    return json.loads(path.read_text())


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, str, str]:
    """The issue's command, in a process of its own: (out.json, stdout, stderr)."""
    folder = tmp_path_factory.mktemp("example")
    words = "train --dataset digits --network mlp --gradient bp,fa,dfa --num_layers 2 --num_hidden 100 --epoch 5 --seed 0"
    running = process(*words.split(), "--json", "out.json", folder=folder)
    stdout, stderr = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0, stderr
    assert [path.name for path in folder.iterdir()] == ["out.json"]
    return json.loads((folder / "out.json").read_text()), stdout, stderr


def test_the_file_of_the_example(example) -> None:
    written = example[0]
    assert set(written) == {"settings", "versions", "device", "units", "runs"}
    assert parse(written["settings"]) == parse({"epoch": 5})
    assert written["versions"]["torch"] == torch.__version__ and written["versions"]["python"]
    assert set(written["device"]) == {"name", "title"}
    assert [(run["rule"], run["seed"]) for run in written["runs"]] == [("bp", 0), ("fa", 0), ("dfa", 0)]
    for run in written["runs"]:
        assert 0 < run["test_error"] < 0.25 and 0 < run["train_error"] < 0.25
        assert run["test_loss"] > 0 and run["train_loss"] > 0 and run["seconds"] > 0
        assert (run["steps"], run["samples"]) == (5 * 23, 5 * 1437)
        kinds = {"signal", "signal_std", "weight_gradient", "update"}
        added = set(ANGLES.values()) - kinds - {"feedback"}  # of measures that were added
        assert set(run["angles"]) - added == (kinds if run["rule"] == "bp" else kinds | {"feedback"})
        for metric in run["angles"].keys() - added:
            layers = run["angles"][metric]
            assert list(layers) == (["1", "2", "3", "all"] if metric in ("weight_gradient", "update") else ["1", "2"])
            steps = run["measured_at"][metric]
            assert steps[-1] == run["steps"] == run["tested_at"]
            for degrees in layers.values():
                assert [angle is None for angle in degrees] == [step is None for step in steps] and len(degrees) == 5
                assert all(0 <= angle < 180 for angle in degrees if angle is not None)
        assert [epoch["epoch"] for epoch in run["epochs"]] == [1, 2, 3, 4, 5]
        assert run["epochs"][-1]["test_error"] == run["test_error"]
        assert run["epochs"][0]["test_error"] > run["test_error"]
        assert run["epochs"][2]["angles"]["signal"]["1"] == run["angles"]["signal"]["1"][2]
        assert set(run["measures"]) == set(MEASURES) == set(written["units"]["measures"])
        assert all(1 <= rank <= 100 for rank in run["measures"]["effective_rank"]["2"] if rank is not None)
    bp, _, dfa = written["runs"]
    assert all(angle < 1 for angle in bp["angles"]["signal"]["1"] if angle is not None)
    assert 20 < dfa["angles"]["signal"]["1"][-1] < 90


def test_what_was_not_measured_in_an_epoch_is_not_there(tmp_path: Path) -> None:
    """No value is an earlier epoch's: each is that of a record of its own epoch, and of the step that is told."""
    out = tmp_path / "out.json"
    result = invoke("--num_hidden", "8", "--device", "cpu", "--gradient", "bp,dfa", "--epoch", "12", "--json", out)
    written = json.loads(out.read_text())
    records: list[Record] = [record for due in Trainer(parse(written["settings"])) for record in due]
    names = ANGLES | {name: name for name in MEASURES}
    unmeasured = 0
    for n, run in enumerate(written["runs"]):
        for number, row in enumerate(run["epochs"]):
            first = run["epochs"][number - 1]["steps"] if number else -1
            by_layer = row["angles"] | row["measures"]
            for metric, name in names.items():
                own = [r for r in records if r.run == n and r.metric == metric and first < r.step <= row["steps"]]
                last = max((r.step for r in own), default=None)
                wanted = {"all" if r.layer is None else str(r.layer): r.value for r in own if r.step == last}
                assert row["measured_at"].get(name) == last
                assert {layer: v for layer, v in by_layer.get(name, {}).items() if last is not None} == wanted
                if last is None:
                    assert not any(v is not None for v in by_layer.get(name, {}).values())
                    unmeasured += name == "signal"
                if name in by_layer:
                    kept = run["angles"] | run["measures"]
                    assert {layer: values[number] for layer, values in kept[name].items()} == by_layer[name]
                    assert run["measured_at"][name][number] == last
    assert unmeasured >= 10 and "(step" not in result.stdout


def test_a_figure_that_is_older_than_the_run_is_dated(tmp_path: Path) -> None:
    experiment = parse({"rules": "bp,dfa", "num_hidden": 8, "num_layers": 1, "device": "cpu", "epochs": 12})
    trainer = Trainer(experiment)
    results = Results(experiment, trainer.device)
    while trainer.step < 2 * 23 or not trainer.between_steps:  # the second epoch's end; angles were measured after 8 steps
        results.add(next(trainer))
    run = results.summary()["runs"][1]
    assert last_measured(run, "signal", "1") == (run["angles"]["signal"]["1"][0], 8)
    assert run["angles"]["signal"]["1"][1] is None and run["measured_at"]["signal"] == [8, None]
    assert (older(run, 8), older(run, run["steps"]), older(run, None)) == (" (step 8)", "", "")
    old = {key: value for key, value in run.items() if key != "measured_at"} | {"angles": {"signal": {"1": [80.0, 80.0]}}}
    assert last_measured(old, "signal", "1") == (80.0, None)  # an earlier lab does not tell


def test_the_figures_are_those_of_the_records(tmp_path: Path) -> None:
    """Recomputed from the same training's records: training figures are means over all samples of their epoch."""
    written = trained(tmp_path / "out.json", "--epoch", "3", "--gradient", "bp,dfa")
    records: list[Record] = [record for due in Trainer(parse(written["settings"])) for record in due]
    for n, run in enumerate(written["runs"]):
        assert len(run["epochs"]) == 3
        for row in run["epochs"]:
            mine = [r for r in records if r.run == n and row["epoch"] - 1 < r.epoch <= row["epoch"]]
            for metric in ("train_error", "train_loss"):
                total, before = 0.0, (row["epoch"] - 1) * 1437
                for r in mine:
                    if r.metric == metric and r.value is not None:
                        total, before = total + r.value * (r.samples - before), r.samples
                assert row[metric] == pytest.approx(total / 1437)
            assert [row["test_error"]] == [r.value for r in mine if r.metric == "test_error"]


def test_the_table_and_nothing_else_where_the_output_is_piped(example) -> None:
    _, stdout, stderr = example
    assert stderr == ""
    lines = stdout.splitlines()
    assert len(lines) == 4 and max(map(len, lines)) <= 80
    assert lines[0].split("  ")[0] == "rule" and lines[0].endswith("signal angles")
    assert [line.split()[0] for line in lines[1:]] == ["bp", "fa", "dfa"]
    assert "%" in lines[3] and lines[3].endswith("°")


def test_a_long_line_of_the_table_stays_one_line() -> None:
    result = invoke("--num_layers", 20, *SHORT, "--gradient", "dfa")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 2
    assert result.stdout.splitlines()[1].count("°") == 12  # of twenty layers, the first and the last ones


def test_a_bar_on_a_terminal() -> None:
    pty = pytest.importorskip("pty")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    running = Child("-m", "dfa_lab", "train", *SHORT, "--gradient", "dfa", env=environment, stderr=theirs)
    os.close(theirs)
    seen = b""
    try:
        while part := os.read(ours, 4096):
            seen += part
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(ours)
        stdout, _ = running.communicate(timeout=PATIENCE)
    assert running.returncode == 0 and len(stdout.splitlines()) == 2
    assert "epoch 2.0/2" in seen.decode() and "12/12" in seen.decode()


def test_help_imports_nothing_heavy_and_is_plain() -> None:
    script = "import sys; from dfa_lab.cli.main import app\ntry: app(['train', '--help'])\nfinally: print(*sorted(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80", "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    *lines, modules = done.stdout.splitlines()
    assert not {"torch", "sklearn", "streamlit", "numpy", "rich"} & set(modules.split())
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    for name in Experiment.model_fields:
        assert f"--{spellings(name)[0]}" in text
    assert "Default: digits." in text and "Default: bp,fa,dfa." in text and "Default: 0.001." in text
    assert not [word for word in ("<list", "(digits)", "[default", "None", "LIST]...") if word in text]


def test_reference_spellings_and_hyphens_mean_the_same(tmp_path: Path) -> None:
    reference = [*("--gradient dfa --num_layers 1 --num_hidden 5 --LR 0.01 --batchSize 500 --optimization adam".split())]
    reference += "--nonlin sigm --criterion ce --rfb_mag 0.2 --dataset digits --epoch 1 --network mlp.lua".split()
    ours = "--rules dfa --num-layers 1 --num-hidden 5 --learning-rate 0.01 --batch-size 500 --optimizer adam".split()
    ours += "--nonlin sigmoid --criterion CE --rfb-mag 0.2 --dataset DIGITS --epochs 1 --network mlp".split()
    written = []
    for words in (reference, ours):
        result = invoke(*words, "--device", "cpu", "--quiet", "--json", tmp_path / "out.json")
        assert (result.exit_code, result.output) == (0, "")
        written.append(json.loads((tmp_path / "out.json").read_text()))
    assert written[0]["settings"] == written[1]["settings"]
    assert written[0]["settings"]["feedback_magnitude"] == 0.2 and written[0]["settings"]["nonlin"] == "sigmoid"
    assert written[0]["runs"][0]["test_error"] == written[1]["runs"][0]["test_error"]


@pytest.mark.parametrize("dashes", ["-", "--"])
def test_every_spelling_of_every_setting_is_an_option(dashes: str) -> None:
    command = get_command(main.app).commands["train"]  # type: ignore[attr-defined]
    for name, field in Experiment.model_fields.items():
        for spelling in spellings(name):
            words = [f"{dashes}{spelling}"] if extra(field)["switch"] else [f"{dashes}{spelling}", "-1"]
            given = command.make_context("train", words).params
            assert {key for key, value in given.items() if value} == {name}


def settings_of(path: Path, *words: str) -> dict:
    result = invoke(*words, "--json", path)
    assert result.exit_code == 0, result.output
    return json.loads(path.read_text())["settings"]


def test_one_dash_is_as_good_as_two(tmp_path: Path) -> None:
    """As in dfa-torch: th Main.lua -dataset MNIST -network mlp.lua -LR 1e-4."""
    words = "-dataset digits -network mlp.lua -LR 1e-4 -batchSize 500 -epoch=1 -num_hidden 5 -gradient dfa -seed 3 -quiet"
    found = settings_of(tmp_path / "out.json", *words.split())
    assert (found["learning_rate"], found["batch_size"], found["epochs"], found["rules"]) == (1e-4, 500, 1, ["dfa"])
    assert refusal("-LR", "-1") == "learning_rate (--LR) is -1: give a number above 0 and at most 100."
    assert settings_of(tmp_path / "out.json", *words.split(), "-epoch_step", "-1")["halve_every"] == -1
    assert "No such option" in invoke("-lerning-rate", "1").stderr
    assert "'--port'" in CliRunner().invoke(main.app, ["ui", "-port", "0"]).stderr


@pytest.mark.parametrize(("words", "value"), [("--bias 0", False), ("-bias 1", True), ("--bias false", False), ("", True)])
def test_settings_that_are_1_or_0(words: str, value: bool, tmp_path: Path) -> None:
    assert settings_of(tmp_path / "out.json", *SHORT, *words.split())["bias"] is value


def test_switches_take_nothing(tmp_path: Path) -> None:
    found = settings_of(tmp_path / "out.json", *SHORT, "-accGradient", "1", "-constBatchSize", "--hold-out")
    assert found["accumulate"] and found["drop_last"] and found["hold_out"] and not found["whiten"]
    assert refusal("--bias", "maybe") == "bias (--bias) is 'maybe': give true or false."
    assert "unexpected extra argument" in invoke("--whiten", "1").stderr


def test_several_seeds(tmp_path: Path) -> None:
    runs = trained(tmp_path / "out.json", "--epoch", "2", "--seed", "3,4", "--gradient", "bp,shallow")["runs"]
    assert [(run["rule"], run["seed"]) for run in runs] == [("bp", 3), ("shallow", 3), ("bp", 4), ("shallow", 4)]
    assert runs[1]["angles"]["signal"] == {"1": [None, None], "2": [None, None]}
    assert runs[1]["angles"]["weight_gradient"]["1"] == [None, None]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("--LR 0", "learning_rate (--LR) is 0: give a number above 0 and at most 100."),
        ("--LR -1", "learning_rate (--LR) is -1: give a number above 0 and at most 100."),
        ("--lr 1e9", "learning_rate (--LR) is 1e9: give a number above 0 and at most 100."),
        ("--learning-rate fast", "learning_rate (--LR) is 'fast': give a number above 0 and at most 100."),
        ("--LR nan", "learning_rate (--LR) is nan: give a number above 0 and at most 100."),
        ("--LR=", "learning_rate (--LR) is '': give a number above 0 and at most 100."),
        ("--num_hidden 0", f"num_hidden (--num_hidden) is 0: give {allowed('num_hidden')}."),
        ("--num_hidden 1000000000", f"num_hidden (--num_hidden) is 1000000000: give {allowed('num_hidden')}."),
        ("--num_layers 0", "num_layers (--num_layers) is 0: give a whole number from 1 to 200."),
        ("--num_layers 201", "num_layers (--num_layers) is 201: give a whole number from 1 to 200."),
        (
            "--batchSize 2000",
            "batch_size (--batchSize) is 2000: give at most 1437, the number of Digits training images.",
        ),
        ("--optimization lion", "optimizer (--optimization) is 'lion': give one of sgd, rmsprop, adam, "),
        ("--gradient magic", "rules (--gradient) is 'magic': give one or more, each once, of "),
        ("--dataset imagenet", f"dataset (--dataset) is 'imagenet': give one of {', '.join(DATASETS)}."),
        ("--device cuda:63", "device (--type) is 'cuda:63': give auto or one that this machine has: cpu"),
        (
            "--network conv",
            "network (--network) is 'conv': give mlp for digits, or a data set of images of 15×15 pixels or more",
        ),
        ("--network conv --dataset xor", "network (--network) is 'conv': give mlp for xor, or a data set of images of "),
        ("--LR 1 --LR 2", "--LR is given 2 times: give it once."),
        ("--LR 1 --learning-rate 2", "--LR is given 2 times: give it once."),
        ("--json a --json b", "--json is given 2 times: give it once."),
        (
            "--num_layers 50 --num_hidden 10000",
            "num_hidden (--num_hidden) is 10000: give less, or fewer layers, rules or seeds",
        ),
    ],
)
def test_bad_input(words: str, wanted: str) -> None:
    assert refusal(*words.split()).startswith(wanted)


def test_several_bad_settings_are_told_together() -> None:
    result = invoke("--LR", "0", "--epoch", "no", "--nonlin", "step")
    assert result.exit_code == 2
    assert [line.split()[0] for line in result.stderr.splitlines()] == ["nonlin", "learning_rate", "epochs"]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["--lerning-rate", "1"], "No such option: --lerning-rate"),
        (["--LR"], "requires an argument"),
        (["stray"], "unexpected extra argument(s) (stray)"),
    ],
)
def test_what_the_parser_refuses(words: list[str], wanted: str) -> None:
    result = invoke(*words)
    assert result.exit_code == 2 and result.stdout == ""
    said = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(said) == 1 and wanted in said[0]
    assert len(result.stderr.splitlines()) <= 4 and "Traceback" not in result.stderr


def test_data_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing, file = tmp_path / "missing", tmp_path / "file"
    file.write_text("x")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "does not exist" in refusal("--dataset", "mnist", "--datapath", missing)
    assert "is empty" in refusal("--dataset", "cifar10", "--datapath", empty)
    assert "is a file" in refusal("--dataset", "svhn", "--datapath", file)
    monkeypatch.setenv("DFA_LAB_DATA", str(missing))
    assert str(missing) in refusal("--dataset", "fashion-mnist")


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """Found out before the training, not after it."""
    assert "its folder" in refusal("--json", tmp_path / "nowhere" / "out.json")
    assert "it is not a file" in refusal("--json", tmp_path)
    assert refusal("--json", "/proc/out.json").startswith("--json is /proc/out.json: ")
    assert refusal("--json", tmp_path / ("x" * 300)).endswith("(File name too long); name another file.")
    kept = tmp_path / "kept.json"
    kept.write_text("{}")
    kept.chmod(0o444)
    if not os.access(kept, os.W_OK):  # root may write to everything
        assert "it may not be written to" in refusal("--json", kept)
    assert kept.read_text() == "{}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept.json"]


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`full_disk(1, 3)`: the first and the third write of results fail."""
    written: list[None] = []
    write_text = Path.write_text

    def fill(*turns: int) -> None:
        def write(path: Path, *arguments: Any, **options: Any) -> int:
            written.append(None)
            if len(written) in turns:
                write_text(path, "{")
                raise OSError(28, "No space left on device")
            return write_text(path, *arguments, **options)

        monkeypatch.setattr(Path, "write_text", write)

    return fill


def test_a_disk_that_is_full_for_a_while(
    tmp_path: Path, full_disk: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training goes on, and says so once."""
    path = tmp_path / "out.json"
    monkeypatch.setattr(output.Output, "REST", 0)  # written after every epoch
    full_disk(1, 2, 3)
    result = invoke(*QUICK, "--epoch", "4", "--gradient", "bp", "--json", path)
    assert result.exit_code == 0 and "bp" in result.stdout
    (line,) = result.stderr.splitlines()
    assert line == f"--json is {path}: it cannot be written (No space left on device); training goes on, it is tried again."
    assert len(json.loads(path.read_text())["runs"][0]["epochs"]) == 4
    assert [file.name for file in tmp_path.iterdir()] == ["out.json"]


def test_results_are_written_meanwhile_but_only_as_often_as_is_cheap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Writing takes a second by this clock, an epoch ten: it is its turn again after twenty more."""
    now, written = [0.0], []

    def write(self: output.File, summary: dict) -> None:
        now[0] += 1
        written.append(len(summary["runs"][0]["epochs"]))

    def meanwhile(self: output.File, summary: Callable[[], dict]) -> None:
        now[0] += 10
        real(self, summary)

    real = output.File.meanwhile
    monkeypatch.setattr(output, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(output.File, "_write", write)
    monkeypatch.setattr(output.File, "meanwhile", meanwhile)
    assert invoke(*QUICK, "--epoch", "6", "--gradient", "bp", "--json", tmp_path / "out.json").exit_code == 0
    assert written == [0, 2, 4, 6, 6]  # the last: at the end


def test_a_disk_that_is_full_at_the_end(
    tmp_path: Path, full_disk: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.json"
    monkeypatch.setattr(output.Output, "REST", 0)  # written after every epoch: it is told of there, and at the end
    full_disk(*range(2, 100))
    result = invoke(*QUICK, "--epoch", "4", "--gradient", "bp", "--json", path)
    assert result.exit_code == 1 and "bp" in result.stdout  # the table is shown all the same
    _, line = result.stderr.splitlines()
    assert line == f"--json is {path}: it cannot be written (No space left on device); name another file."
    assert json.loads(path.read_text())["runs"]
    assert [file.name for file in tmp_path.iterdir()] == ["out.json"]


def test_a_refusal_leaves_the_last_results_alone(tmp_path: Path) -> None:
    kept = tmp_path / "out.json"
    kept.write_text("{}")
    refusal("--LR", "0", "--json", kept)
    refusal("--batchSize", "2000", "--json", kept)
    assert kept.read_text() == "{}"


def test_divergence(tmp_path: Path) -> None:
    words = "--optimization sgd --LR 100 --nonlin relu --num_layers 5 --num_hidden 30 --gradient bp --epoch 3 --device cpu"
    result = invoke(*words.split(), "--json", tmp_path / "out.json")
    assert result.exit_code == 1
    assert result.stderr.startswith("bp (seed 0) diverged by step") and len(result.stderr.splitlines()) == 1
    written = json.loads((tmp_path / "out.json").read_text(), parse_constant=lambda text: pytest.fail(text))
    assert written["failed"] in result.stderr
    assert written["runs"][0]["epochs"] == [] and written["runs"][0]["angles"] == {}
    assert written["runs"][0]["test_error"] > 0.5  # of the network as it was drawn


@pytest.mark.parametrize("error", [MemoryError(), torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")])
def test_out_of_memory(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(*_: object) -> list[Record]:
        raise error

    monkeypatch.setattr(Trainer, "advance", fail)
    result = invoke(*SHORT)
    assert result.exit_code == 1 and result.stderr.startswith("The device's memory is full: start again with a smaller")
    monkeypatch.setattr(Trainer, "__init__", fail)
    assert refusal(*SHORT).startswith("The device's memory is full")


def interrupt(path: Path, ready: Callable[[dict | None], bool], *words: str) -> tuple[int, str]:
    """Ctrl-C once `ready` says so of the file: (exit status, stderr)."""
    running = process("train", "--num_hidden", "8", "--gradient", "bp,dfa", "--json", str(path), *words)

    def reached() -> bool:
        assert running.poll() is None
        return ready(json.loads(path.read_text()) if path.exists() else None)

    try:
        until(reached)
        running.send_signal(signal.SIGINT)
        _, stderr = running.communicate(timeout=PATIENCE)
    finally:
        running.kill()
    return running.wait(), stderr


def test_ctrl_c_leaves_what_was_measured(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    status, stderr = interrupt(path, lambda found: bool(found and len(found["runs"][0]["epochs"]) >= 2), "--epoch", "100000")
    assert status == 1 and "Traceback" not in stderr
    written = json.loads(path.read_text())
    assert written["failed"].startswith("Stopped at step ") and written["failed"].endswith(" of 2300000.")
    assert written["failed"] in stderr
    for run in written["runs"]:
        epochs = len(run["epochs"])
        assert epochs >= 2 and run["steps"] == 23 * epochs
        assert len(run["angles"]["signal"]["1"]) == epochs and run["test_error"] < 1
    assert [file.name for file in tmp_path.iterdir()] == ["out.json"]


def test_before_the_first_epoch_ends_there_are_figures_too() -> None:
    experiment = parse({"rules": "bp,dfa", "num_hidden": 8, "device": "cpu", "batch_size": 100})
    trainer = Trainer(experiment)
    results = Results(experiment, trainer.device)
    nothing = results.summary()["runs"][1]
    assert nothing["test_error"] is None and nothing["train_loss"] is None and nothing["steps"] == 0
    taken: list[Record] = []
    for _ in range(4):
        taken += next(trainer)
    results.add(taken)
    run = json.loads(json.dumps(results.summary()))["runs"][1]
    wrong = [r.value for r in taken if r.run == 1 and r.metric == "train_error" and r.value is not None]
    assert run["train_error"] == pytest.approx(sum(wrong) / 4) and run["steps"] == 4 and run["samples"] == 400
    tested = [r for r in taken if r.run == 1 and r.metric == "test_error"][-1]
    assert (run["test_error"], run["tested_at"]) == (tested.value, tested.step) and tested.step > 0
    assert run["angles"] == {} and run["epochs"] == []


DEFAULTS = """
-modelsFolder ./Models/ -network mlp.lua -criterion bce -eps 0 -dropout 0 -batchnorm 0 -nonlin tanh -num_layers 2 -bias 1
-rfb_mag 0 -LR 0.0001 -LRDecay 0 -weightDecay 0.0 -momentum 0.0 -batchSize 64 -optimization rmsprop -epoch_step -1 -gradient dfa
-maxInNorm 400 -maxOutNorm 400 -accGradient 0 -threads 1 -devid 1 -nGPU 1 -normalization scale -format rgb
-preProcDir ./PreProcData/ -visualize 0
"""  # what dfa-torch's Main.lua declares, but for what makes it slow, needs files or a GPU, and what takes no value


@pytest.mark.parametrize("load", ["", "none", "None"])
def test_every_default_of_the_reference_can_be_said(load: str, tmp_path: Path) -> None:
    words = [*DEFAULTS.split(), "-load", load, "-dataset", "digits", "-type", "float", "-epoch", "1", "-num_hidden", "8"]
    result = invoke(*words, "-json", tmp_path / "out.json")
    assert result.exit_code == 0, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("--nGPU is 1: it has no effect, since an experiment runs on one device") and line.endswith(".")
    given = {"LR": 1e-4, "gradient": "dfa", "epoch": 1, "num_hidden": 8, "threads": 1, "type": "cpu"}
    assert parse(json.loads((tmp_path / "out.json").read_text())["settings"]) == parse(
        {**given, "preProcDir": "./PreProcData/"}
    )
    assert refusal("-nGPU", "1", "--ngpu", "2") == "--nGPU is given 2 times: give it once."


def test_new_weights_may_be_kept_and_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DFA_LAB_RUNS", str(tmp_path))
    assert invoke(*SHORT, "--load", "none", "--save", "one", "--gradient", "bp").exit_code == 0
    assert "there is no such run; saved are one" in refusal("--load", "two")


@pytest.mark.parametrize(("name", "reason"), [("cg", "no slope of it"), ("lbfgs", "no slope of it"), ("de", "no gradient")])
def test_an_optimiser_of_torch7_that_cannot_be_says_why(name: str, reason: str) -> None:
    line = refusal("-optimization", name)
    assert line.startswith(f"optimizer (--optimization) is '{name}': give one of sgd, rmsprop, adam, ")
    assert f": {name} " in line and reason in line
