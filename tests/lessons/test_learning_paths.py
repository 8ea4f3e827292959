"""Paths lead through steps that there are, and the lab course asks for something and ends with a sheet."""

import shutil
from pathlib import Path

import pytest

from dfa_lab.lessons import lessons
from dfa_lab.lessons.claims import ClaimError, measured
from dfa_lab.lessons.learning_paths import FOLDER, LearningPath, Stop, learning_paths
from dfa_lab.lessons.run_figures import figures_of, spoken_of
from dfa_lab.records import METRICS, Record
from dfa_lab.settings.parsing import parse


def test_there_is_a_path_for_each_occasion():
    assert list(learning_paths()) == ["ten-minutes", "lecture", "lab-course"]
    ten = [stop.lesson for stop in learning_paths()["ten-minutes"].stops]
    assert list(dict.fromkeys(ten)) == ["what-is-dfa", "why-it-aligns", "when-it-fails"]


@pytest.mark.parametrize("path", learning_paths().values(), ids=lambda path: path.name)
def test_a_path_leads_through_steps_that_there_are(path: LearningPath):
    assert path.title and path.why and len(set(path.stops)) == len(path.stops) >= 5
    for stop in path.stops:
        assert 1 <= stop.step <= len(lessons()[stop.lesson].steps)
    trained = sum(lessons()[stop.lesson].steps[stop.step - 1].seconds for stop in path.stops)
    assert trained < 60 * path.minutes / 2, "there must be time to read"


def test_only_the_lab_course_has_tasks_and_a_sheet():
    for path in learning_paths().values():
        asked = [station for station in path.stations if station.task and station.asks]
        assert path.sheet == (path.name == "lab-course") == bool(asked)
    course = learning_paths()["lab-course"]
    assert all(station.task and station.asks for station in course.stations)


def test_a_task_comes_after_the_last_step_of_its_station():
    course = learning_paths()["lab-course"]
    first = course.stations[0]
    assert first.steps_of == [1, 2]
    assert course.station(Stop(first.lesson, 1)) is None and course.station(Stop(first.lesson, 2)) is first
    assert course.station(Stop("nothing", 1)) is None


def test_the_figures_of_a_run_are_those_that_the_step_speaks_of():
    step = lessons()["what-is-dfa"].steps[2]
    assert spoken_of(step) == [
        (rule, metric, layer) for metric, layer in (("test_error", ""), ("signal_angle", "1")) for rule in ("fa", "dfa")
    ]
    small = step.experiment.model_copy(update={"epochs": 1, "num_hidden": 5})
    known = measured(small, [0], ["fa test_error", "dfa test_error"])
    assert known.has("fa", "test_error", "", 0) and not known.has("fa", "signal_angle", "1", 0)
    with pytest.raises(ClaimError):
        known.find(("fa", "signal_angle", "1", None, None), 0)


def test_a_figure_of_a_run_is_the_last_one_and_a_gap_is_a_dash():
    step = lessons()["what-is-dfa"].steps[2]
    experiment = parse({**step.settings, "seeds": "4"})
    records = [Record(1, "test_error", None, value, at, 0.0, at, 0.0) for at, value in enumerate((0.9, 0.25))]
    records.append(Record(1, "signal_angle", 1, None, 3, 0.0, 3, 0.0))
    assert [tuple(one) for one in figures_of(step, experiment, records)] == [
        ("dfa", 4, "test_error", "", "25.0 %"),
        ("dfa", 4, "signal_angle", "1", "–"),
    ]


@pytest.mark.parametrize("lesson", lessons().values(), ids=lambda lesson: lesson.name)
def test_every_step_speaks_of_figures_that_are_measured(lesson):
    for step in lesson.steps:
        assert spoken_of(step) and {metric for _, metric, _ in spoken_of(step)} <= METRICS.keys()


def test_a_path_is_one_more_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for file in FOLDER.glob("*.toml"):
        shutil.copy(file, tmp_path)
    text = 'title = "Five"\nminutes = 5\nplace = 0\nwhy = "x"\n[[stations]]\nlesson = "deep"\nsteps_of = [2, 1]\n'
    (tmp_path / "five.toml").write_text(text, encoding="utf-8")
    (tmp_path / "five.de.toml").write_text('title = "Fünf"\n', encoding="utf-8")
    monkeypatch.setattr("dfa_lab.lessons.learning_paths.FOLDER", tmp_path)
    found = learning_paths.__wrapped__()
    assert list(found) == ["five", "ten-minutes", "lecture", "lab-course"]
    assert found["five"].stops == [Stop("deep", 2), Stop("deep", 1)] and not found["five"].sheet
    assert learning_paths.__wrapped__("de")["five"].title == "Fünf"
