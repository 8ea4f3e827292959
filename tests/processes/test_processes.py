"""Worker processes: what they train is what one process trains, and none of them outlives its work."""

import json
import os
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from dfa_lab.cli import main
from dfa_lab.processes.sharing import one_process_only, parts, rounds, worth
from dfa_lab.processes.together import Together, Unfinished
from dfa_lab.settings.parsing import parse
from dfa_lab.train.results import Results
from dfa_lab.train.trainer import Trainer
from tests.children import Child
from tests.runs.patience import PATIENCE, until

ROOT = Path(__file__).parents[2]
# As a terminal starts `python -m …`: in a process group of its own.
IN_A_SESSION = """
import os, runpy, sys
os.setsid()
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""
QUICK = {"num_hidden": 6, "batch_size": 512, "probe_size": 8, "device": "cpu"}


def together(processes: int, **settings: object) -> Together:
    return Together(Trainer(parse(QUICK | settings)), processes)


def without_seconds(summary: object) -> object:
    if isinstance(summary, dict):
        return {name: without_seconds(one) for name, one in summary.items() if name not in ("seconds", "processes")}
    return [without_seconds(one) for one in summary] if isinstance(summary, list) else summary


def test_the_outcome_is_that_of_one_process_to_the_last_bit(tmp_path: Path):
    words = "--num_hidden 6 --batchSize 512 --device cpu --epoch 3 --gradient bp,dfa --seed 0,4 --dropout 1 --threads 1".split()
    found, printed = [], []
    for count in ("1", "3"):
        done = CliRunner().invoke(main.app, ["train", *words, "--processes", count, "--json", str(tmp_path / count)])
        assert done.exit_code == 0, (done.output, done.exception)
        found.append(without_seconds(json.loads((tmp_path / count).read_text())))
        lines = [line.split() for line in done.stdout.splitlines()]
        printed.append([[cell for place, cell in enumerate(cells) if place != 4] for cells in lines[1:]])
    assert found[0] == found[1]
    assert len(found[0]["runs"]) == len(printed[0]) == 4 and found[0]["runs"][0]["epochs"]
    assert printed[0] == printed[1]


def test_records_come_in_the_order_of_steps():
    steps = [
        {record.step for record in records if record.step} for records in together(2, rules="bp,fa,dfa", epochs=4) if records
    ]
    assert all(len(one) == 1 for one in steps)
    assert [step for one in steps for step in one] == sorted(step for one in steps for step in one)


def test_a_killed_process_takes_only_its_own_runs_along():
    runs = together(2, rules="bp,dfa", epochs=300, measure_every=7)
    results, scores = Results(runs.experiment, runs.device), set[int]()
    with pytest.raises(Unfinished) as raised:
        for records in runs:
            results.add(records)
            scores |= {int(place.read_text()) for one in runs.processes if (place := adjustment(one.pid)).exists()}
            if runs.processes[1].is_alive() and runs._reached.get(1, 0) > 20:
                os.kill(runs.processes[1].pid or 0, signal.SIGKILL)
    told = str(raised.value)
    assert told.startswith("The process that trained dfa (seed 0) was killed (SIGKILL) at step ") and "--processes" in told
    bp, dfa = results.summary()["runs"]
    assert bp["steps"] == runs.steps and 20 < dfa["steps"] <= int(told.split(" at step ")[1].split()[0]) < runs.steps
    assert not any(process.is_alive() for process in runs.processes)
    assert scores <= {1000} and (scores or not adjustment("self").exists())  # what a system without memory ends first


def adjustment(process: object) -> Path:
    """Where Linux keeps how gladly it ends a process."""
    return Path(f"/proc/{process}/oom_score_adj")


def test_a_run_that_diverges_leaves_the_others_alone():
    runs = together(2, rules="bp,dfa", epochs=9, num_layers=8, feedback_magnitude=1000, optimizer="sgd", nonlin="relu")
    results = Results(runs.experiment, runs.device)
    with pytest.raises(
        Unfinished, match=r"^dfa \(seed 0\) diverged by step \d+: .* Start again with a learning rate below 0\.001\.$"
    ):
        for records in runs:
            results.add(records)
    bp, dfa = results.summary()["runs"]
    assert bp["steps"] == runs.steps > dfa["steps"]


def test_who_stops_listening_ends_them():
    runs = together(2, rules="bp,dfa", epochs=100_000)
    records = iter(runs)
    while not next(records):
        pass
    assert all(process.is_alive() for process in runs.processes)
    next(iter(runs._of)).close()  # as when this process is killed: nobody ends them, they notice
    runs.processes[0].join(PATIENCE)
    assert runs.processes[0].exitcode == 1 and runs.processes[1].is_alive()
    records.close()  # type: ignore[attr-defined]
    assert not any(process.is_alive() for process in runs.processes)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no process groups on this system")
def test_ctrl_c_ends_all_processes_and_keeps_what_there_is(tmp_path: Path):
    words = (
        "--num_hidden 6 --batchSize 512 --device cpu --epoch 100000 --gradient bp,dfa --processes 2 --measure_every 50".split()
    )
    command = ["dfa_lab", "train", *words, "--json", str(tmp_path / "out.json")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with Child("-c", IN_A_SESSION, *command, env=environment) as process:
        try:
            until((tmp_path / "out.json").exists, "the first results")
            os.killpg(process.pid, signal.SIGINT)  # as a terminal sends it: to all of them
            said = process.communicate(timeout=PATIENCE)[1]
            until(lambda: gone(process.pid), "no process is left")
        finally:
            process.kill()
    assert process.returncode == 1 and said.startswith("Stopped at step ") and "Traceback" not in said, said
    assert json.loads((tmp_path / "out.json").read_text())["failed"] == said.strip()


def gone(group: int) -> bool:
    """Whether no process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({}, ""),
        ({"save": "mine"}, "(--save)"),
        ({"load": "mine"}, "(--load)"),
        ({"halve_every": 0}, "--epoch_step 0"),
        ({"exact": True}, "--exact"),
    ],
)
def test_what_needs_one_process(settings: dict[str, object], why: str):
    assert why in one_process_only(parse(settings), "cpu")
    assert bool(one_process_only(parse(settings), "cpu")) == bool(why)
    assert one_process_only(parse(settings), "cuda")


def test_that_one_process_has_to_do_is_said():
    words = "--num_hidden 6 --batchSize 512 --epoch 2 --gradient bp,dfa --processes 2 --epoch_step 0 --device cpu".split()
    done = CliRunner().invoke(main.app, ["train", *words])
    assert done.exit_code == 0 and done.stderr.startswith("Trains in one process: runs that may end early (--epoch_step 0, ")


def test_runs_are_shared_out_evenly():
    assert [list(part) for part in parts(5, 3)] == [[0, 1], [2, 3], [4]]
    for runs in range(1, 12):
        for count in range(1, runs + 1):
            sizes = [len(part) for part in parts(runs, count)]
            assert sum(sizes) == runs and max(sizes) - min(sizes) <= 1
            # no quicker than all cores busy all the time, or than the longest of them alone
            for cores in (1, 2, 4):
                assert rounds(runs, count, cores) >= max(runs / cores, max(sizes)) - 1e-9
    assert rounds(3, 2, 2) == 2 and rounds(3, 3, 2) == 1.5 and rounds(5, 5, 2) == 2.5


def test_processes_are_worth_it_for_long_trainings_only():
    digits, large = 64 * 17_400, 64 * 1_275_200
    assert worth(3, 100, digits, 1, 2, 3) == 1  # over before torch is imported
    assert worth(3, 100_000, digits, 1, 2, 3) == 3  # two would leave a core idle half the time
    assert worth(3, 28_000, large, 2, 2, 3) == 3
    assert worth(3, 100_000, digits, 1, 1, 3) == 1  # no core for them
    assert worth(2, 100_000, digits, 1, 2, 1) == 1  # no memory for them
