"""How often charts ask."""

import pytest

from app.live.pace import FORGOTTEN, MOST, Pace
from tests.pages.clock import Clock


@pytest.mark.parametrize(("charts", "every"), [(1, 1000), (MOST, 1000), (30, 2000), (100, 6667), (1000, 10_000)])
def test_all_together_ask_no_more_often_than_is_affordable(clock: Clock, charts: int, every: int) -> None:
    found, told = Pace(), [0]
    for _ in range(3):
        told = [found.every(str(chart)) for chart in range(charts)]
        clock.now += told[-1] / 1000
    assert told[-1] == every
    assert charts / (told[-1] / 1000) <= MOST + 0.01 or every == 10_000


def test_who_has_left_no_longer_counts(clock: Clock) -> None:
    found = Pace()
    for chart in range(60):
        found.every(str(chart))
    clock.now += FORGOTTEN - 1
    assert found.every("0") == 4000
    clock.now += 2
    assert found.every("0") == 1000
