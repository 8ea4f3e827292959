"""The recorded runs are of the lessons' present settings, show what the lessons claim, and are small."""

from dataclasses import replace
from pathlib import Path

import pytest

from dfa_lab.lessons import Lesson, lessons
from dfa_lab.lessons.claims import Figures, broken
from dfa_lab.lessons.learning_paths import learning_paths
from dfa_lab.lessons.recorded import KEPT, RECORDINGS, Recording, file_of, read, recording_of, write
from dfa_lab.records import METRICS, Record
from dfa_lab.settings.parsing import parse
from tests.lessons.test_claims import _of_each_seed

RECORDED = [lesson for lesson in lessons().values() if file_of(lesson.name, 1).is_file()]
MOST = 500_000  # bytes of all of them: they are part of every clone and wheel


def test_every_lesson_of_a_path_is_recorded_whole():
    assert {stop.lesson for path in learning_paths().values() for stop in path.stops} <= {lesson.name for lesson in RECORDED}
    files = {file_of(lesson.name, n) for lesson in RECORDED for n in range(1, len(lesson.steps) + 1)}
    assert {file.name for file in RECORDINGS.iterdir()} == {file.name for file in files}
    assert sum(file.stat().st_size for file in files) < MOST


@pytest.mark.parametrize("lesson", RECORDED, ids=lambda lesson: lesson.name)
def test_a_recording_shows_what_the_step_claims(lesson: Lesson):
    for number, step in enumerate(lesson.steps, start=1):
        found = recording_of(lesson.name, number, step)
        assert found, f"record step {number} again: python tools/record_lessons --only {lesson.name}"
        figures = Figures()
        figures.add(found.experiment, found.records)
        kept = [claim for claim in _of_each_seed(step) if {word for word in claim.split() if word in METRICS} <= set(KEPT)]
        assert kept and broken(figures, kept) == []
        assert found.records[-1].step == found.steps and found.records[0].step == 0 and found.device


def test_a_recording_of_other_settings_is_none():
    step = lessons()["deep"].steps[0]
    assert recording_of("deep", 1, step)
    assert recording_of("deep", 1, replace(step, settings={**step.settings, "epochs": 11})) is None
    assert recording_of("deep", 2, step) is None and recording_of("nothing", 1, step) is None


@pytest.fixture
def small(tmp_path: Path) -> Recording:
    """A recording of three records, of which one is not kept."""
    experiment = parse({"rules": "dfa"})
    records = [
        Record(0, "test_error", None, 0.123456789, 10, 0.5, 320, 3.0),
        Record(0, "signal_angle", 1, None, 5, 0.25, 160, 1.5),
        Record(0, "effective_rank", 1, 12.0, 5, 0.25, 160, 1.5),
    ]
    write(tmp_path / "small.json.gz", experiment, "a computer", (100,), records)
    found = read(tmp_path / "small.json.gz")
    assert found
    return found


def test_a_recording_keeps_what_charts_draw_in_the_order_of_the_steps(small: Recording):
    assert [(one.metric, one.layer, one.value, one.step) for one in small.records] == [
        ("signal_angle", 1, None, 5),
        ("test_error", None, 0.1235, 10),
    ]
    assert (small.experiment, small.device, small.layers, small.steps) == (parse({"rules": "dfa"}), "a computer", (100,), 10)


@pytest.mark.parametrize(("step", "records"), [(0, 0), (4, 0), (5, 1), (9, 1), (10, 2)])
def test_until_a_step_there_are_its_records_and_those_before(small: Recording, step: int, records: int):
    assert small.until(step) == records
