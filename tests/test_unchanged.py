"""tools/unchanged compares recordings to the last bit, and finds whatever is made to differ in a small one."""

import copy
import json
import math
import runpy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from dfa_lab.networks import own_file
from dfa_lab.settings.parsing import parse

ROOT = Path(__file__).parents[1]
UNCHANGED = ROOT / "tools" / "unchanged"
LOSS, ACCURACY, ANGLE, LATER = range(4)  # the records of a small recording


class Small:
    """A recording of two experiments, `alone` and `page`, as its files have it."""

    def __init__(self) -> None:
        records = [
            [0, "loss", None, 0.7, 1, 0.5, 64],
            [0, "accuracy", None, 0.25, 1, 0.5, 64],
            [0, "signal_angle", 1, 88.5, 1, 0.5, 64],
            [0, "loss", None, math.nan, 2, 1.0, 128],
        ]
        figures = {"sentence": "", "step": 2, "summary": {"runs": [{"accuracy": 0.25, "alignment": {"signal": {"1": 88.5}}}]}}
        self.json = {name: {"records": copy.deepcopy(records), "figures": copy.deepcopy(figures)} for name in ("alone", "page")}
        self.tensors = {
            name: {"0.W1": torch.tensor([[1.0, -2.0], [0.0, math.nan]]), "0.steps": torch.tensor(2)} for name in self.json
        }

    @property
    def records(self) -> list[list[Any]]:
        return self.json["page"]["records"]

    def write(self, folder: Path) -> Path:
        folder.mkdir()
        (folder / "about.txt").write_text("torch of this machine\n", encoding="utf-8")
        for name, content in self.json.items():
            (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
            save_file(self.tensors[name], folder / f"{name}.safetensors")
        return folder


@dataclass
class Verdict:
    status: int
    told: str


@pytest.fixture
def compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Verdict]:
    """What `python tools/unchanged compare` makes of a small recording and the same one after `change`."""

    def compare(change: Callable[[Small], object], *options: str) -> Verdict:
        after = Small()
        change(after)
        folders = Small().write(tmp_path / "before"), after.write(tmp_path / "after")
        monkeypatch.setattr(sys, "argv", ["unchanged", "compare", *map(str, folders), *options])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(UNCHANGED), run_name="__main__")
        assert isinstance(ended.value.code, int)
        return Verdict(ended.value.code, capsys.readouterr().out)

    return compare


def put(number: int, value: object) -> Callable[[Small], None]:
    """Give a record of the experiment `page` another value."""

    def change(made: Small) -> None:
        made.records[number][3] = value

    return change


def flip(bit: int, place: tuple[int, int] = (0, 1)) -> Callable[[Small], None]:
    """Turn one bit of a number of W1 in the experiment `page`."""

    def change(made: Small) -> None:
        made.tensors["page"]["0.W1"].view(torch.int32)[place] ^= 1 << bit

    return change


def swap(one: int, other: int) -> Callable[[Small], None]:
    """Put two records of the experiment `page` in each other's place."""

    def change(made: Small) -> None:
        made.records[one], made.records[other] = made.records[other], made.records[one]

    return change


def drop(name: str) -> Callable[[Small], object]:
    """Leave one of the experiments out of the recording."""
    return lambda made: made.json.pop(name)


def nothing(made: Small) -> None:
    """Leave the recording as it is."""


def other_epoch(made: Small) -> None:
    made.records[LOSS][5] = 0.75


def other_summary(made: Small) -> None:
    made.json["page"]["figures"]["summary"]["runs"][0]["alignment"]["signal"]["1"] = 88.5 * (1 + 1e-7)


def other_kind(made: Small) -> None:
    made.tensors["page"]["0.steps"] = torch.tensor(2.0)


def test_the_same_recording_is_unchanged(compared: Callable[..., Verdict]):
    found = compared(nothing)
    assert found.status == 0
    assert "UNCHANGED: 2 experiments, 8 records, 4 tensors, 8 figures are the same to the last bit." in found.told


ULP = math.nextafter(0.7, 1)
DIFFERENCES: dict[str, tuple[Callable[[Small], object], str]] = {
    "one ulp": (put(LOSS, ULP), f"page, run 0, step 1: 0.7 -> {ULP}, by 1.6e-16 of it"),
    "minus zero": (flip(31, (1, 0)), "page, 0.W1, number"),
    "a bit": (flip(0), "page, 0.W1, number"),
    "a bit of NaN": (flip(0, (1, 1)), "page, 0.W1, number 3: nan -> nan"),
    "another dtype": (other_kind, "page, 0.steps: 'torch.int64 ()' -> 'torch.float32 ()'"),
    "no tensor": (lambda made: made.tensors["page"].pop("0.W1"), "page, 0.W1: 'there' -> 'missing'"),
    "an integer": (put(ACCURACY, 0), "page, run 0, step 1: 0.25 -> 0"),
    "no value": (put(LATER, None), "page, run 0, step 2: nan -> None"),
    "no record": (lambda made: made.records.pop(ANGLE), "page, run 0, layer 1, step 1: 88.5 -> 'missing'"),
    "a record more": (lambda made: made.records.append(made.records[LOSS]), "page, run 0, step 1: 'missing' -> 0.7"),
    "another epoch": (other_epoch, "page, epoch and samples of loss, run 0, step 1: [0.5, 64] -> [0.75, 64]"),
    "another summary": (other_summary, "page, summary / runs / 0 / alignment / signal / 1: 88.5 -> "),
    "no experiment": (drop("page"), "page, the whole experiment: 'there' -> 'missing'"),
    "the order in a step": (swap(LOSS, ACCURACY), "page, order of the records, from number 0 on"),
    "the order of steps": (swap(ANGLE, LATER), "page, order of the records, from number 2 on"),
}


@pytest.mark.parametrize(("change", "line"), DIFFERENCES.values(), ids=list(DIFFERENCES))
def test_a_difference_is_found_and_named(change: Callable[[Small], object], line: str, compared: Callable[..., Verdict]):
    found = compared(change)
    assert found.status == 1
    assert line in found.told and "\nCHANGED: 1 differences that may not be, in " in found.told
    assert " alone, " not in found.told


@pytest.mark.parametrize(
    ("change", "status"), [(swap(LOSS, ACCURACY), 0), (swap(ANGLE, LATER), 1)], ids=["in a step", "of steps"]
)
def test_any_order_is_that_of_the_records_of_a_step(
    change: Callable[[Small], object], status: int, compared: Callable[..., Verdict]
):
    assert compared(change, "--any-order").status == status


def test_any_order_still_sees_values(compared: Callable[..., Verdict]):
    assert compared(put(LOSS, ULP), "--any-order").status == 1


@pytest.mark.parametrize(
    ("change", "metrics", "status"),
    [
        (put(ANGLE, 88.5 * (1 + 9e-6)), "loss,signal_angle", 0),
        (put(ANGLE, 88.5 * (1 + 2e-5)), "loss,signal_angle", 1),
        (put(ANGLE, 88.5 * (1 + 9e-6)), "loss", 1),
        (put(ANGLE, None), "signal_angle", 1),
        (lambda made: made.records.pop(ANGLE), "signal_angle", 1),
        (other_summary, "signal_angle", 0),
        (flip(0), "loss,signal_angle", 1),
    ],
    ids=["close", "not close", "another metric", "no number", "missing", "in the summary", "a tensor"],
)
def test_named_metrics_may_differ_a_little(
    change: Callable[[Small], object], metrics: str, status: int, compared: Callable[..., Verdict]
):
    found = compared(change, "--may-differ", metrics)
    assert found.status == status
    assert ("UNCHANGED but for" in found.told) is not bool(status)


def test_only_the_experiments_that_are_asked_for_are_compared(compared: Callable[..., Verdict]):
    found = compared(drop("page"), "--only", "alone")
    assert found.status == 0 and "UNCHANGED: 1 experiments" in found.told


def test_nothing_to_compare_is_no_success(compared: Callable[..., Verdict]):
    assert compared(nothing, "--only", "misspelt").status == 1


def test_a_folder_without_a_recording_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "argv", ["unchanged", "compare", str(Small().write(tmp_path / "before")), str(tmp_path / "empty")])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(UNCHANGED), run_name="__main__")
    assert ended.value.code == 2
    assert "empty is no recording" in capsys.readouterr().err


def test_the_forty_experiments_are_settings_of_today(monkeypatch: pytest.MonkeyPatch):
    """No experiment is run here: a setting that is renamed is noticed before somebody needs a recording."""
    monkeypatch.syspath_prepend(UNCHANGED)
    monkeypatch.chdir(ROOT)  # examples/residual.py
    own_file.permit()  # the page, which other tests import, forbids it
    from experiments import PLAIN, SMALL  # type: ignore[import-not-found]
    from recorder import WAYS  # type: ignore[import-not-found]

    for asked in PLAIN.values():
        parse({**SMALL, **asked.settings})
    assert len({*PLAIN, *WAYS}) == 40
