"""Who asks for much: for charts, for what has ended, under names that are made up (real sockets, one server; and a clock)."""

import asyncio
import json
import secrets
import sys

import pytest

from app.live import rates, reading
from app.live.pace import EACH, MOST
from app.live.rates import Allowance
from app.live.reading import Reading, TooMuch
from app.people.identity import COOKIE
from tests import loops
from tests.doors.conftest import Lab
from tests.pages.clock import Clock

OTHER = "127.0.0.3"  # another address of this computer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other addresses of this computer are needed")


def chart(lab: Lab, name: str, source: str = "127.0.0.1", cookie: str = "") -> tuple[int, dict[str, str], dict]:
    headers = {"Cookie": f"{COOKIE}={cookie}"} if cookie else {}
    status, told, text = lab.answer(f"GET /live/none?have=0&chart={name}", source, **headers)
    return status, told, json.loads(text)


@pytest.mark.parametrize("invented", ["charts", "visitors"])
def test_who_invents_charts_or_visitors_slows_nobody_and_is_told_when_to_come_again(lab: Lab, invented: str) -> None:
    source = "127.0.0.4" if invented == "charts" else "127.0.0.5"
    said = set()
    for number in range(3 * int(rates.QUESTIONS[0])):
        cookie = secrets.token_hex(32) if invented == "visitors" else ""
        status, headers, answer = chart(lab, str(number), source, cookie)
        said.add(status)
        if status == 429:
            assert int(headers["retry-after"]) >= 1 and "try again in" in answer["sentence"]
    status, _, answer = chart(lab, "mine", OTHER)
    assert status == 200 and answer["every"] <= 1000 * 6 * EACH / MOST  # all addresses of these tests counted in full
    assert said <= {200, 429}


def test_who_reads_what_has_ended_again_and_again_is_stopped_and_others_are_not(lab: Lab) -> None:
    request, told = f"GET /live/{lab.ended}?have=0", []
    while len(told) < 1000 and (not told or told[-1][0] == 200):
        told.append(lab.answer(request, "127.0.0.6"))
    status, headers, text = told[-1]
    assert status == 429 and int(headers["retry-after"]) >= 1 and "try again in" in text
    whole = [json.loads(text)["records"] for status, _, text in told[:-1]]
    assert whole and whole[0] and all(one == whole[0] for one in whole)
    status, _, text = lab.answer(request, "127.0.0.7")
    assert status == 200 and json.loads(text)["records"] == whole[0]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in (rates, reading):
        monkeypatch.setattr(module, "time", clock)
    return clock


def test_so_many_at_once_and_so_many_a_second(clock: Clock) -> None:
    left = Allowance(10, 2)
    for _ in range(10):
        assert left.wait("a") == 0
        left.take("a", 1)
    left.take("a", 3)
    assert left.wait("a") == pytest.approx(1.5) and left.wait("b") == 0
    clock.now += 2
    assert left.wait("a") == 0
    left.take("a", 2)
    assert left.wait("a") > 0
    clock.now += 1000
    left.take("a", 10)
    assert left.wait("a") == 0  # never more than at first
    left.take("a", 1)
    assert left.wait("a") == pytest.approx(0.5)
    for number in range(rates.FORGET + 10):
        left.take(str(number), 1)
    assert len(left._left) == rates.FORGET


def test_what_has_ended_is_read_by_one_at_a_time_and_by_nobody_too_much() -> None:
    going, most, order = 0, 0, []

    async def slow(name: str) -> str:
        nonlocal going, most
        going += 1
        most = max(most, going)
        order.append(name)
        await asyncio.sleep(0)
        going -= 1
        return name

    async def all_of_them() -> list[object]:
        turns = Reading()
        asked = [turns.read(name, lambda name=name: slow(name)) for name in ("a", "a", "a", "b", "c")]
        return await asyncio.gather(*asked, return_exceptions=True)

    a, again, refused, b, c = loops.run(all_of_them())
    assert (a, again, b, c) == ("a", "a", "b", "c") and most == 1 and order == ["a", "a", "b", "c"]
    assert isinstance(refused, TooMuch) and refused.seconds == 1


def test_what_is_at_hand_counts_a_little(clock: Clock) -> None:
    async def at_hand() -> bool:
        return True

    async def many() -> int:
        turns = Reading()
        for number in range(100):
            try:
                assert await turns.read("a", at_hand)
            except TooMuch:
                return number
        return 100

    assert loops.run(many()) in (30, 31)  # rates.SECONDS over reading.LEAST, as floats add up


def test_whoever_has_read_for_long_waits_while_others_may(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAUSE", 0)

    async def long() -> str:
        clock.now += 5
        return "read"

    async def three() -> None:
        turns = Reading()
        assert await turns.read("a", long) == "read"
        with pytest.raises(TooMuch, match="try again in 10 s"):
            await turns.read("a", long)
        assert await turns.read("b", long) == "read"
        clock.now += 10
        assert await turns.read("a", long) == "read"

    loops.run(three())
