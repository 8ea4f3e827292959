"""Paths through the lessons, what is kept of them in the browser, and the sheet that is handed in."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.lessons import done_marks, lesson_times
from dfa_lab.lessons import lessons
from dfa_lab.lessons.learning_paths import Stop, learning_paths
from dfa_lab.runs.live import Status
from dfa_lab.settings.parsing import parse
from tests.pages.test_lessons_page import button, labels, param, said
from tests.runs.patience import tiny, until, until_state

ROOT = Path(__file__).parents[2]
COURSE = learning_paths()["lab-course"]


@pytest.fixture
def page(app):
    app.switch_page(str(ROOT / "pages" / "lessons.py"))
    return app


def sheet(test: AppTest) -> str:
    return next(one.proto.body for one in test.get("html") if 'class="sheet"' in one.proto.body)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["ten-minutes", "lab-course"])
def test_a_path_leads_from_step_to_step_through_several_lessons(page, name: str):
    page.run()
    page.button(key=f"begin_path_{name}").click().run()
    stops = learning_paths()[name].stops
    for stop, after in pairwise(stops):
        assert not page.exception and not page.error
        assert (param(page, "path"), param(page, "lesson"), param(page, "step")) == (name, stop.lesson, str(stop.step))
        button(page, "Next" if after.lesson == stop.lesson else "Next lesson").click().run()
    assert (param(page, "lesson"), param(page, "step")) == (stops[-1].lesson, str(stops[-1].step))
    assert not {"Next", "Next lesson"} & set(labels(page)) and ("Your sheet" in labels(page)) == (name == "lab-course")
    button(page, "Back").click().run()
    assert (param(page, "lesson"), param(page, "step")) == (stops[-2].lesson, str(stops[-2].step))


def test_the_sheet_has_guesses_answers_and_the_figures_of_ones_own_run(page):
    from app.shell.server import manager

    station = COURSE.stations[0]
    stop = Stop(station.lesson, station.steps_of[-1])
    step = lessons()[stop.lesson].steps[stop.step - 1]
    page.query_params.update({"path": COURSE.name, "lesson": stop.lesson, "step": str(stop.step)})
    page.run()
    page.radio[0].set_value(1).run()
    button(page, "Watch what happens").click().run()
    assert not page.text_area  # the task comes with the answer
    run = param(page, "run")
    button(page, "Show the answer").click().run()
    assert [one.label for one in page.text_area] == station.asks and station.task in said(page)
    page.text_area[1].set_value("bp <b>3 %</b> & dfa").run()
    manager().set_pace(run, 0)
    until_state(manager(), run, "finished")
    page.query_params.clear()
    page.query_params.update({"path": COURSE.name, "sheet": "1"})
    page.run()
    assert not page.exception
    text = sheet(page)
    assert f"{step.choices[0]} (not right)" in text and step.choices[step.answer - 1] in text
    assert "bp &lt;b&gt;3 %&lt;/b&gt; &amp; dfa" in text and "<b>3 %</b>" not in text
    assert f"run={run}" in text and "at its last step (450 of 450)" in text
    last = [one.value or 0.0 for one in manager().last(run, "test_error", 3)]
    for rule, value in zip(("bp", "dfa", "shallow"), last, strict=True):
        assert f"<td>{rule}</td><td>0</td><td>error on the test set</td><td></td><td>{100 * value:.1f} %</td>" in text
    assert text.count("Not done yet.") == len(COURSE.stops) - 1 and text.count("<section>") == len(COURSE.stops)
    page.text_input[0].set_value("Ada <L>").run()
    assert "Ada &lt;L&gt;" in sheet(page) and "Download the sheet" in [one.proto.label for one in page.get("download_button")]  # type: ignore[attr-defined]
    button(page, "Back to the lessons").click().run()
    assert f"1 of {len(COURSE.stops)} steps done" in " ".join(one.value for one in page.caption)


def test_what_a_browser_says_is_taken_only_where_it_is_known(page, monkeypatch):
    """Anybody can write anything into their browser."""
    stored = {
        "marks": {
            "deep/1": {"answer": 2, "run": "abc"},
            "deep/2": {"answer": 9, "run": "abc"},
            "deep/3": {"answer": 1, "run": ""},
            "nothing/1": {"answer": 1, "run": ""},
            "what-is-dfa/1": {"answer": 1, "run": "<script>"},
            "what-is-dfa/2": "text",
        },
        "notes": {"name": "x" * 5000, "other": 3},
    }
    monkeypatch.setattr(done_marks, "_storage", lambda **_: {"stored": stored})
    page.run()
    assert not page.exception
    assert page.session_state["lesson_marks"] == {"deep/1": {"answer": 2, "run": "abc"}}
    assert page.session_state["lesson_notes"] == {"name": "x" * done_marks.LONGEST}
    monkeypatch.setattr(done_marks, "_storage", lambda **_: {})
    assert "1 of 2 steps done" in " ".join(one.value for one in page.caption)
    button(page, "Forget what I have done").click().run()
    assert page.session_state["lesson_marks"] == {} and "steps done" not in " ".join(one.value for one in page.caption)
    for nonsense in (3, [], {"marks": 3, "notes": []}):
        monkeypatch.setattr(done_marks, "_storage", lambda stored=nonsense, **_: {"stored": stored})
        page.run()
        assert not page.exception and page.session_state["lesson_marks"] == {}


@pytest.mark.parametrize(("rate", "state", "slow"), [(0.0, "running", 1.0), (300.0, "running", 2.0), (300.0, "paused", 1.0)])
def test_how_slow_the_server_is_the_steps_of_a_paced_experiment_tell(rate: float, state: str, slow: float):
    experiment = parse({"rules": "bp,fa,dfa", "batch_size": 10})
    status = Status("id", experiment, state, "", True, rate=rate, pace=20.0)  # 300 samples a second: 10 steps of three runs
    assert lesson_times.slowed(status) == slow
    assert lesson_times.slowed(Status("id", experiment, state, "", True, rate=9000.0, pace=20.0)) == 1.0


def test_a_busy_server_says_what_a_step_takes_now(page, monkeypatch):
    step = lessons()["deep"].steps[0]
    page.query_params.update({"lesson": "deep", "step": "1"})
    monkeypatch.setattr(lesson_times, "slowness", lambda: 1.0)
    page.run()
    assert "It trains for about 30 s on this server now." in [one.value for one in page.caption]
    monkeypatch.setattr(lesson_times, "slowness", lambda: 4.0)
    page.run()
    assert "This server is busy: it trains for about 2 min now, and not for about 30 s." in [one.value for one in page.caption]
    assert lesson_times.seconds_now(step, 4.0) == 4 * step.seconds


def test_what_trains_at_a_pace_tells_how_slow_the_server_is(app, monkeypatch):
    from app.shell.server import manager

    assert lesson_times.slowness() == 1.0  # nothing trains
    ids = [manager().start(tiny(), pace=50) for _ in range(3)] + [manager().start(tiny())]
    for id in ids:
        until_state(manager(), id, "running")
    slow = dict(zip(ids, (1.0, 4.0, 2.0, None), strict=True))
    status = manager().status

    def measured(id: str):
        found, times = status(id), slow.get(id)
        if not found or not times:
            return replace(found, pace=0.0) if found else None
        samples = found.experiment.batch_size * len(found.experiment.runs())
        return replace(found, rate=50 / times * samples, pace=50.0, state="running")

    monkeypatch.setattr(manager(), "status", measured)
    until(lambda: lesson_times.slowness() == 2.0)  # the store learns of a state a moment later


def test_somebody_elses_guess_is_not_marked_as_ones_own(page, monkeypatch):
    from app.shell.server import manager

    page.query_params.update({"lesson": "why-it-aligns", "step": "1"})
    page.run()
    page.radio[0].set_value(1).run()
    button(page, "Watch what happens").click().run()
    monkeypatch.setattr(manager().rights, "owns", lambda id: False)
    button(page, "Show the answer").click().run()
    assert param(page, "seen") == "1" and page.session_state["lesson_marks"] == {}
    monkeypatch.undo()
    page.query_params.pop("seen")
    page.run()
    button(page, "Show the answer").click().run()
    assert list(page.session_state["lesson_marks"]) == ["why-it-aligns/1"]
