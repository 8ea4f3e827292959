"""What a live chart asks for again and again, past Streamlit: `GET live/{id}?have=n`, plain JSON.

The answer is the moving part of the chart's view (`app.live.message.moving`) and the records from number `have` on. It takes a
third of what running a fragment takes, so that a class may watch. `around` in it tells the chart when the page around it
must be drawn anew, which is Streamlit's part. `map` and `version`: the maps of the page "Angles", if there are newer ones;
`glance`: the version of the units that the chart has drawn, only while they are on screen (glances.py).
`list`: which list of records the chart has a part of, from the answer before; another one is sent from its beginning.
`chart`: who asks; `every` in the answer tells it after how many milliseconds to ask again. Who asks too much is refused
(429), with a sentence and when to ask again.
"""

import math

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.live import glances, layer_maps
from app.live.message import moving
from app.live.pace import Pace
from app.live.packing import Part, compact, gzipped, plain
from app.live.rates import QUESTIONS, Allowance
from app.live.reading import Reading, TooMuch
from app.live.shared_records import SharedRecords, Which
from app.people import identity
from app.shell.encodings import takes_gzip
from app.shell.server import manager
from dfa_lab.records import DRAWN
from dfa_lab.runs.live import ACTIVE

PATH = "live"
FRESH = {"Cache-Control": "no-store", "Vary": "Accept-Encoding"}
PACKED = {"Content-Encoding": "gzip"}
FEW = 2000  # records that are written down at once, in ten milliseconds or so
COMMA = Part(",")
_shared = SharedRecords()
_pace = Pace()
_questions = Allowance(*QUESTIONS)
_reading = Reading()


async def _answer(request: Request) -> Response:
    visitor = identity.asker(request, manager().visitors.here)
    try:
        if visitor:
            if wait := _questions.wait(visitor):
                raise TooMuch(max(1.0, wait))
            _questions.take(visitor, 1)
        return await _answered(request, visitor)
    except TooMuch as refused:
        later = {"Retry-After": str(math.ceil(refused.seconds))}
        return JSONResponse({"sentence": str(refused)}, 429, headers=FRESH | later)


async def _answered(request: Request, visitor: str) -> Response:
    """Raises TooMuch."""
    id, asked = request.path_params["id"], request.query_params
    chart = asked.get("chart", "")[:40]
    every = _pace.every(chart, visitor or chart)
    have, number, version = (_number(asked.get(name, "")) for name in ("have", "list", "version"))
    drawn = None
    if "glance" in asked:
        drawn = await run_in_threadpool(glances.newer, id, _number(asked["glance"]))
    given = (id, have, number, asked.get("map", ""), version, every, drawn)
    # the news of what is in memory is at hand at once; the store, or a long history, takes a while: others do not wait for it
    if _at_hand(id, have, number):
        parts = answer(*given)
    elif not visitor:
        parts = await run_in_threadpool(answer, *given)
    else:
        parts = await _reading.read(visitor, lambda: run_in_threadpool(answer, *given))
    if takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(gzipped(parts), media_type="application/json", headers=FRESH | PACKED)
    return Response(plain(parts), media_type="application/json", headers=FRESH)


def _at_hand(id: str, have: int, number: int) -> bool:
    """Whether the answer takes no time worth mentioning."""
    if not manager().in_memory(id):
        return False
    kept = manager().record_list(id)
    start = have if number == kept else 0
    return manager().record_count(id) - start <= FEW or _shared.follows((id, kept), start)


def answer(
    id: str, have: int, number: int = 0, measure: str = "", version: int = -1, every: int = 0, drawn: Part | None = None
) -> list[Part]:
    """What a chart is told, as parts of one JSON text: the view's moving part, `records` from number `have` on in pieces, or
    all of them if the list of this `number` is another one now, `heat` if the maps are newer than `version`, `glance`, the
    units as they were `drawn` just now, and `every`.

    A demonstration that is over is answered with `around` of the one that follows, once it has begun. `around` is null if there
    is no such experiment.
    """
    status = manager().status(id)
    if status is not None and status.demo and id != (current := manager().demo()):
        status = manager().status(current)
    if status is None:
        return [Part(compact({"around": None, "every": every}))]
    found = moving(status, manager().problem) | {"every": every}
    if status.id != id:
        return [Part(compact({"around": found["around"], "every": every}))]
    if measure in DRAWN and (maps := layer_maps.heat(status, measure))["version"] != version:
        found["heat"] = maps
    found["list"] = manager().record_list(id)
    start = have if number == found["list"] else 0
    pieces = _shared.since((id, found["list"]), start, _records, status.state in ACTIVE, status.step)
    between = [part for piece in pieces for part in (COMMA, piece)][1:]
    seen = [Part(f'{compact(found)[:-1]},"glance":'), drawn, Part(',"records":[')] if drawn else [_head(found)]
    return [*seen, *between, Part("]}")]


def _head(found: dict) -> Part:
    return Part(f'{compact(found)[:-1]},"records":[')


def _records(which: Which, since: int) -> np.ndarray:
    return manager().record_table(which[0], since)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 12 else 0


def address(id: str, measure: str = "") -> str:
    """The address at which the chart of an experiment asks, below that of the lab."""
    return f"{PATH}/{id}?map={measure}"


def route(base: str) -> Route:
    """`base`: path below which the lab is, "" or with a slash before it."""
    return Route(f"{base}/{PATH}/{{id}}", _answer)
