"""What a live chart is answered when it asks for news."""

import asyncio
import gzip
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import Request
from starlette.responses import Response
from streamlit.testing.v1 import AppTest

from app.live import route
from app.live.message import NAMES, around
from app.live.packing import plain
from dfa_lab.runs import manager as manager_module
from tests.runs.patience import tiny, until, until_state, until_step


@pytest.fixture
def manager(app: AppTest):
    from app.shell.server import manager

    return manager()


def answer(id: str, have: int = 0, number: int = 0, measure: str = "", version: int = -1) -> dict:
    return json.loads(plain(route.answer(id, have, number, measure, version)))


def test_answers_in_a_row_are_all_records_of_the_experiment(manager) -> None:
    id = manager.start(tiny(epochs=60), pace=200)
    until_step(manager, id, 1)
    found, have = [], 0
    number = manager.record_list(id)
    while (told := answer(id, have, number))["status"]["state"] != "finished" or told["records"]:
        for piece in told["records"]:
            assert piece["from"] == have
            columns = [piece[name] for name in ("run", "metric", "layer", "step")]
            found += zip(*columns, strict=True)
            have += len(columns[0])
        time.sleep(0.02)  # a loop of Python alone would starve the training
    wanted = [(r.run, NAMES.index(r.metric), r.layer, r.step) for r in manager.records(id)]
    assert found == wanted and len(found) > 100
    assert told["layers"] == [1, 2] and told["around"] == around(manager.status(id))


def test_it_is_packed_for_who_can_unpack_it_and_says_when_to_ask_again(manager) -> None:
    id = manager.start(tiny(epochs=3))
    until_state(manager, id, "finished")

    def ask(*headers: tuple[bytes, bytes]) -> Response:
        question = {"type": "http", "path_params": {"id": id}, "query_string": b"chart=mine", "headers": headers}
        with ThreadPoolExecutor() as beside:  # Playwright keeps a loop running in this thread
            return beside.submit(asyncio.run, route.route("").endpoint(Request(question))).result()

    text = ask()
    assert "content-encoding" not in text.headers
    packed = ask((b"accept-encoding", b"gzip, deflate, br"))
    assert packed.headers["content-encoding"] == "gzip" and packed.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.body) == text.body and len(packed.body) < len(text.body) / 3
    for header in (b"gzip;q=0", b"gzip; q=0.000, *", b"br", b"identity"):
        assert "content-encoding" not in ask((b"accept-encoding", header)).headers
    for header in (b"gzip;q=0.5", b"GZIP", b"br;q=1.0, *;q=0.1", b"x-gzip"):
        assert ask((b"accept-encoding", header)).headers["content-encoding"] == "gzip"
    told = json.loads(bytes(text.body))
    assert told["every"] == 1000 and told["records"] == answer(id)["records"]


def test_a_history_is_written_down_in_a_thread_and_news_in_the_loop(manager, monkeypatch: pytest.MonkeyPatch) -> None:
    id = manager.start(tiny(measure_every=1))
    until_step(manager, id, 5)
    threads: list[int] = []
    monkeypatch.setattr(route, "FEW", 0)

    def noted(*given) -> list:
        threads.append(threading.get_ident())
        return written(*given)

    written = route.answer
    monkeypatch.setattr(route, "answer", noted)

    async def ask(have: int) -> int:
        """The number of the record after the last one that is answered."""
        question = {"type": "http", "path_params": {"id": id}, "headers": []}
        question["query_string"] = f"chart=mine&have={have}&list={manager.record_list(id)}".encode()
        told = json.loads((await route.route("").endpoint(Request(question))).body)
        return told["records"][-1]["from"] + len(told["records"][-1]["step"]) if told["records"] else have

    async def newcomer_follower_and_latecomer() -> list[bool]:
        """Whether each is answered in the loop's own thread."""
        have = await ask(0)
        await ask(have)
        await ask(3)
        return [thread == threading.get_ident() for thread in threads]

    with ThreadPoolExecutor() as beside:
        assert beside.submit(asyncio.run, newcomer_follower_and_latecomer()).result() == [False, True, False]


def test_who_has_records_that_were_taken_back_is_sent_the_whole_list_anew(manager) -> None:
    """An experiment that failed goes on from its last finite step, with the same id."""
    id = manager.start(tiny(rules="dfa", epochs=60, num_layers=8, feedback_magnitude=1000, optimizer="sgd", nonlin="relu"))
    until_state(manager, id, "failed")
    told = answer(id)
    have, number = sum(len(piece["step"]) for piece in told["records"]), told["list"]
    assert answer(id, have, number)["records"] == []
    manager.train_on(id, 80)
    until_state(manager, id, "paused")
    anew = answer(id, have, number)
    assert anew["list"] != number and anew["records"][0]["from"] == 0
    assert sum(len(piece["step"]) for piece in anew["records"]) == len(manager.records(id)) < have
    newcomer = answer(id)
    assert newcomer["records"] == anew["records"]
    assert answer(id, len(manager.records(id)), anew["list"])["records"] == []


def test_an_experiment_that_only_the_store_knows_and_one_that_nobody_knows(manager) -> None:
    id = manager.start(tiny(epochs=3))
    until_state(manager, id, "finished")
    there = answer(id)["records"]
    manager.close()
    from app.shell.server import manager as cached

    cached.clear()  # another server
    assert not cached().in_memory(id)
    until(lambda: answer(id)["records"] == there)
    assert answer("not-there") == {"around": None, "every": 0}
    cached().delete(id)
    assert answer(id) == {"around": None, "every": 0}


def test_who_watches_a_demonstration_that_is_over_is_told_of_the_next(manager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager_module, "demonstration", lambda seed: (tiny(epochs=2, seeds=seed), 0.0))
    monkeypatch.setattr(manager_module, "DEMO_PAUSE", 0.2)
    first = manager.demo()
    until_state(manager, first, "finished")
    assert answer(first)["around"] == f"{first} finished"
    until(lambda: answer(first)["around"] != f"{first} finished")
    told = answer(first)["around"]
    assert told is None or told.startswith(manager.demo())  # nothing else asks for it: these questions have begun it
    assert manager.demo() != first


def test_maps_come_only_when_there_are_newer_ones(manager) -> None:
    id = manager.start(tiny(epochs=2))
    until_state(manager, id, "finished")
    assert "heat" not in answer(id) and "heat" not in answer(id, 0, 0, "nonsense")
    maps = answer(id, 0, 0, "signal")["heat"]
    assert maps["rules"]["dfa"]["steps"] and "heat" not in answer(id, 0, 0, "signal", maps["version"])
    assert answer(id, 0, 0, "update", 0)["heat"]["measure"] == "update"
