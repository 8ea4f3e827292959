"""What the live chart is sent."""

import json
from math import isinf

import numpy as np

from app.live.message import NAMES, around, columns, message, moving
from dfa_lab.records import Record
from dfa_lab.runs.live import Status
from dfa_lab.runs.record_list import RecordList
from dfa_lab.settings.parsing import parse


def status(**known) -> Status:
    experiment = parse({"rules": "bp,dfa", "seeds": "0,1", "num_layers": 2})
    return Status("abc", experiment, "running", "", False, step=3, steps=9, epoch=0.123456, layers=(100, 100), **known)


def test_records_become_columns_that_json_takes() -> None:
    records = [
        Record(0, "train_loss", None, 0.123456789, 1, 0.1, 64, 0.5),
        Record(3, "signal_angle", 2, None, 1, 0.1, 64, 0.5),
        Record(1, "train_loss", None, float("inf"), 1, 0.1, 64, 0.5),
    ]
    found = json.loads(json.dumps(columns(RecordList(records).table(), 40), allow_nan=False))
    assert found["from"] == 40
    assert found["value"] == [0.12346, None, None]  # a gap is a gap; five digits
    assert [NAMES[n] for n in found["metric"]] == ["train_loss", "signal_angle", "train_loss"]
    assert found["layer"] == [None, 2, None]
    assert {len(column) for name, column in found.items() if name != "from"} == {3}


def test_a_value_is_sent_as_the_number_that_its_five_digits_are() -> None:
    drawn = np.random.default_rng(0)
    many = drawn.standard_normal(20_000) * 10.0 ** drawn.integers(-40, 40, 20_000)
    values = [*many.tolist(), 0.0, 1.0, 99999.5, 999995.0, 1e22, 1e23, 1e-17, 5e-324, 1.7e308, -0.1, float("-inf")]
    sent = columns(RecordList(Record(0, "test_loss", None, value, 1, 0.1, 64, 0.5) for value in values).table(), 0)["value"]
    assert sent == [None if isinf(value) else float(f"{value:.5g}") for value in values]


def test_the_message_is_plain_json() -> None:
    sent = json.loads(json.dumps(message(status(rate=1e5 / 3, left=None)), allow_nan=False))
    assert [(run["rule"], run["seed"]) for run in sent["runs"]] == [("bp", 0), ("dfa", 0), ("bp", 1), ("dfa", 1)]
    assert len({run["colour"] for run in sent["runs"]}) == 2
    assert sent["layers"] == [1, 2] and sent["probe"] == 128
    assert set(NAMES) == set(sent["definitions"])


def test_the_sentence_of_the_status_comes_before_what_is_wrong_with_the_server() -> None:
    assert moving(status())["status"]["sentence"] == ""
    assert moving(status(), "The disk is full.")["status"]["sentence"] == "The disk is full."
    failed = Status("abc", status().experiment, "failed", "why", False)
    assert moving(failed, "The disk is full.")["status"]["sentence"] == "why"


def test_a_page_is_drawn_anew_for_another_experiment_or_state_but_not_when_a_running_one_was_only_loading() -> None:
    def of(id: str, state: str) -> str:
        return around(Status(id, status().experiment, state, "", False))  # type: ignore[arg-type]

    assert of("abc", "loading") == of("abc", "queued") == of("abc", "running")
    assert len({of("abc", "running"), of("abc", "paused"), of("abc", "finished"), of("xyz", "running")}) == 4
