"""A running, shared lab: hostile links, and strangers at somebody's experiment. A few of `make attacks`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks import linking, strangers
from tests.attacks.outcome import Outcome
from tests.attacks.visitor import Lab, Visitor, serving

COUNT = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lab-of-a-server-")


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[Lab]:
    with serving(folder, "--shared") as lab:
        yield lab


def test_hostile_links_give_pages(lab: Lab, folder: Path) -> None:
    outcome = Outcome("links", COUNT)
    linking.follow(lab, range(COUNT), 1, folder, outcome)
    assert outcome.faults == []
    assert sum(outcome.counted.values()) == COUNT and outcome.counted["pages"] > COUNT / 2


def test_a_link_that_would_act_is_shown_as_text(lab: Lab) -> None:
    with_script = "%3Cscript%3Ealert(1)%3C%2Fscript%3E"
    visitor = Visitor(lab.host)
    try:
        shown = visitor.open(f"experiment={with_script}&dataset={with_script}&hide=![x](http://127.0.0.1:1/x.png)")
        said = " ".join(one.alert.body for one in shown.elements if one.WhichOneof("type") == "alert")
        assert "is not on this server" in said and "alert" in said and linking._active(shown) == ""
    finally:
        visitor.close()


def test_strangers_change_nothing_of_somebodys_experiment(lab: Lab, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "EVERY", 5)
    monkeypatch.setattr(strangers, "PAGES_EACH", 1)
    monkeypatch.setattr(
        strangers, "PAGES", [page for page in strangers.PAGES if page.name in ("lab", "experiments", "feedback")]
    )
    outcome = Outcome("strangers", 3)
    id, begun = strangers.meet(lab, 3, 4, folder, outcome)
    assert outcome.faults == [] and outcome.counted["things done"] == 3 * 5
    lab.process.terminate()
    lab.process.wait(60)
    strangers.compare(folder, id, begun, outcome)
    assert outcome.faults == []
