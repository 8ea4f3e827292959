"""How often charts ask."""

import pytest

from app.live.pace import FORGOTTEN, MOST, Pace
from tests.pages.clock import Clock


@pytest.mark.parametrize(("charts", "every"), [(1, 1000), (MOST, 1000), (30, 2000), (100, 6667), (1000, 10_000)])
def test_all_together_ask_no_more_often_than_is_affordable(clock: Clock, charts: int, every: int) -> None:
    found, told = Pace(), [0]
    for _ in range(3):
        told = [found.every("a", f"visitor {number}") for number in range(charts)]
        clock.now += told[-1] / 1000
    assert told[-1] == every
    assert charts / (told[-1] / 1000) <= MOST + 0.01 or every == 10_000


def test_who_has_left_no_longer_counts(clock: Clock) -> None:
    found = Pace()
    for number in range(60):
        found.every("a", str(number))
    clock.now += FORGOTTEN - 1
    assert found.every("a", "0") == 4000
    clock.now += 2
    assert found.every("a", "0") == 1000


def test_a_visitor_who_invents_charts_slows_down_their_own_alone(clock: Clock) -> None:
    found = Pace()
    told = [found.every(str(number), "hostile") for number in range(200)]
    assert told[-1] == 10_000  # they should ask 25 times more rarely than others, and RAREST is the end of it
    assert found.every("a", "somebody else") == 1000
    clock.now += FORGOTTEN + 1
    assert found.every("a", "hostile") == 1000
