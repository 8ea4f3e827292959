"""A recorded run of a step, played where this server has no place to train it: `GET live/recorded/{lesson}/{step}/{run}`.

The chart asks as it asks about what trains, and is answered with the records up to where the run would be by now. Where that is
follows from the id alone, `recorded` and the second at which it was begun: nothing is kept of who watches.
"""

import math
import re
import time

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.lessons import lesson_times
from app.lessons.lesson_words import say
from app.live.component import live
from app.live.message import around, columns, message, moving
from app.live.packing import Part, compact, gzipped, plain
from app.live.rates import QUESTIONS, Allowance
from app.live.route import FRESH, PACKED, PATH
from app.people import identity
from app.shell.encodings import takes_gzip
from app.shell.server import manager
from app.visit import projector
from app.visit.session import Remembered
from dfa_lab.lessons import Step, lessons
from dfa_lab.lessons.learning_paths import Stop
from dfa_lab.lessons.recorded import Recording, recording_of
from dfa_lab.runs.live import Status

ID = re.compile(r"recorded(\d{10})")
EVERY = 1000  # milliseconds between two questions of a chart
_questions = Allowance(*QUESTIONS)


class Drawn(Remembered, prefix="recorded"):
    """What the page around the chart was drawn for."""

    around: str = ""


drawn = Drawn()


def begin() -> str:
    """The id of one that begins now."""
    return f"recorded{int(time.time())}"


def of(stop: Stop) -> Recording | None:
    """The recording of a step, if there is one."""
    return recording_of(stop.lesson, stop.step, _step(stop))


def _step(stop: Stop) -> Step:
    return lessons()[stop.lesson].steps[stop.step - 1]


def status(stop: Stop, run: str) -> Status | None:
    """Where a recorded run is by now; None where `run` is none, or there is no recording of this step."""
    began, recording = ID.fullmatch(run), of(stop)
    if not began or not recording:
        return None
    pace = lesson_times.pace(_step(stop))
    step = max(0, min(recording.steps, math.floor((time.time() - int(began[1])) * pace)))
    experiment = _step(stop).experiment
    over = step == recording.steps
    return Status(
        run,
        experiment,
        "finished" if over else "running",
        "",
        False,
        step=step,
        steps=recording.steps,
        epoch=step / recording.steps * experiment.epochs,
        left=None if over else (recording.steps - step) / pace,
        device=recording.device,
        learning_rate=experiment.learning_rate,
        layers=recording.layers,
    )


def show(stop: Stop, run: str) -> None:
    """The chart of a recorded run, marked as such."""
    recording = of(stop)
    assert recording is not None  # there is a status of it
    with st.container(key="recorded_note"):  # no box: the chart needs its room
        st.caption(say("recorded", device=recording.device))
    now = status(stop, run)
    drawn.around = around(now) if now else ""
    st.fragment(_chart)(stop, run)


def _chart(stop: Stop, run: str) -> None:
    """Runs with the page, and when the chart says that the run has come to its end."""
    now = status(stop, run)
    if now is None or around(now) != drawn.around:
        st.rerun()
    address = f"{PATH}/recorded/{stop.lesson}/{stop.step}/{run}?"
    view = message(now, large=projector.on())
    view |= {"title": say("recorded_title", title=view["title"]), "address": address, "waits": now.state == "running"}
    live(view, key="live")


async def _answer(request: Request) -> Response:
    visitor = identity.asker(request, manager().visitors.here)
    if visitor and (wait := _questions.wait(visitor)):
        return Response(status_code=429, headers=FRESH | {"Retry-After": str(math.ceil(wait))})
    if visitor:
        _questions.take(visitor, 1)
    given = request.path_params
    lesson, number, have = lessons().get(given["lesson"]), given["number"], request.query_params.get("have", "")
    stop = Stop(given["lesson"], number)
    now = status(stop, given["run"]) if lesson and 1 <= number <= len(lesson.steps) else None
    if now is None:
        return JSONResponse({"around": None, "every": EVERY}, headers=FRESH)
    parts = answer(stop, now, int(have) if have.isdecimal() and len(have) < 12 else 0)
    if takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(gzipped(parts), media_type="application/json", headers=FRESH | PACKED)
    return Response(plain(parts), media_type="application/json", headers=FRESH)


def answer(stop: Stop, now: Status, have: int) -> list[Part]:
    """What a chart that has so many records is told, as one JSON text."""
    recording = of(stop)
    assert recording is not None
    end = recording.until(now.step)
    records = [columns(recording.records.table(have)[: end - have], have)] if have < end else []
    return [Part(compact(moving(now) | {"every": EVERY, "list": 1, "records": records}))]


def route(base: str) -> Route:
    """`base`: path below which the lab is, "" or with a slash before it."""
    return Route(f"{base}/{PATH}/recorded/{{lesson}}/{{number:int}}/{{run}}", _answer)
