"""The soak's visitors speak the page's own protocol: begin, pause, stop and remove, without a browser."""

import random
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "tools" / "soak"))

from ledger import Ledger  # type: ignore[import-not-found]
from visit import Failed, Person, Visit  # type: ignore[import-not-found]
from visitors import Visitors  # type: ignore[import-not-found]


def test_one_cycle_of_a_visitor(lab: str):
    host = lab.removeprefix("http://")
    ledger = Ledger()
    visitors = Visitors(host, ledger, random.Random(0))
    visitors._persons["ann"] = Person(host)
    visitors._some = lambda *states: first  # type: ignore[method-assign]
    visitors.act("start")
    (first,) = ledger.known.values()
    assert first.state in ("queued", "loading", "running")
    visitors.act("pause")
    assert first.state == "paused"
    visitors.act("stop")
    assert first.state == "stopped"
    visitors.act("remove")
    assert first.removed is not None
    with Visit(Person(host), query=f"experiment={first.id}") as page, pytest.raises(Failed, match="has no button 'Explode'"):
        page.press("Explode")
