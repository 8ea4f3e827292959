"""On a server without a place a lesson plays its recorded run, says so, and does not wait in the queue."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.requests import Request
from starlette.routing import Match

from app.lessons import lesson_times, recorded_run
from app.live.packing import plain
from dfa_lab.lessons import lessons
from dfa_lab.lessons.learning_paths import Stop
from dfa_lab.runs.limits import Limits
from tests.pages.test_lessons_page import button, judged, param, said
from tests.runs.patience import tiny, until_state

ROOT = Path(__file__).parents[2]
STOP = Stop("deep", 1)
STEP = lessons()["deep"].steps[0]
NOW = 1_800_000_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch):
    """`clock(seconds)`: so long after a recorded run has begun."""

    def at(seconds: float) -> None:
        monkeypatch.setattr(recorded_run.time, "time", lambda: NOW + seconds)

    at(0)
    return at


def ask(lesson: str, number: int, run: str, have: str = "0") -> dict:
    """What the route answers."""
    path = f"/class/live/recorded/{lesson}/{number}/{run}"
    question: dict = {"type": "http", "method": "GET", "path": path, "query_string": f"&have={have}".encode(), "headers": []}
    route = recorded_run.route("/class")
    match, found = route.matches(question)
    assert match is Match.FULL
    question.update(found)
    with ThreadPoolExecutor() as beside:  # Playwright keeps a loop running in this thread
        return json.loads(bytes(beside.submit(asyncio.run, route.endpoint(Request(question))).result().body))


def test_a_busy_server_plays_the_recorded_run_instead_of_waiting(app, clock):
    from app.shell.server import manager

    manager().rules.limits = Limits(places=1)
    other = manager().start(tiny(), paused=True)
    until_state(manager(), other, "paused")
    app.switch_page(str(ROOT / "pages" / "lessons.py"))
    app.query_params.update({"lesson": STOP.lesson, "step": str(STOP.step)})
    app.run()
    app.radio[0].set_value(1).run()
    button(app, "Watch what happens").click().run()
    assert not app.exception and not app.error
    run = param(app, "run")
    assert run == f"recorded{NOW}" and "Recorded run." in said(app) and not judged(app)
    assert "how it went, and in how many seconds, when it was recorded" in said(app)
    titled = [one.title for one in manager().store.experiments(demos=False)]
    assert len(titled) == 1  # nothing of the lesson waits
    clock(STEP.seconds + 1)
    app.run()
    assert judged(app) and STEP.reveal in said(app) and "Recorded run." in said(app)
    manager().stop(other)
    button(app, "Again").click().run()
    assert not param(app, "run").startswith("recorded") and "Recorded run." not in said(app)


def test_a_chart_is_told_the_run_bit_by_bit(clock):
    recording = recorded_run.of(STOP)
    assert recording
    run, have, states = recorded_run.begin(), 0, []
    for seconds in (0, 3, 3, STEP.seconds / 2, STEP.seconds - 1, STEP.seconds + 5):
        clock(seconds)
        told = ask(*STOP, run, str(have))
        states.append((told["status"]["state"], told["status"]["step"]))
        assert told["status"]["step"] == min(recording.steps, int(seconds * lesson_times.pace(STEP)))
        for piece in told["records"]:
            assert piece["from"] == have
            have += len(piece["step"])
            assert max(piece["step"]) <= told["status"]["step"]
    assert have == len(recording.records) and states[0] == ("running", 0) and states[-1] == ("finished", recording.steps)
    status = recorded_run.status(STOP, run)
    assert status and status.epoch == STEP.experiment.epochs and status.experiment == STEP.experiment


@pytest.mark.parametrize("have", ["", "-1", "x", "99999999", "9" * 40])
def test_a_question_may_be_nonsense(clock, have: str):
    clock(5)
    run = f"recorded{NOW}"
    assert ask(*STOP, run, have)["around"] == f"{run} running"
    for lesson, number, other in (("nothing", 1, run), ("deep", 9, run), ("deep", 1, "abc"), ("deep", 1, "recorded1x")):
        assert ask(lesson, number, other, have)["around"] is None


def test_the_answer_has_what_the_chart_asks_for(clock):
    clock(5)
    status = recorded_run.status(STOP, f"recorded{NOW}")
    assert status
    told = json.loads(b"".join([plain(recorded_run.answer(STOP, status, 0))]))
    assert {"around", "status", "layers", "probe", "every", "list", "records"} <= told.keys()
    assert told["layers"] == list(range(1, STEP.experiment.num_layers + 1))
