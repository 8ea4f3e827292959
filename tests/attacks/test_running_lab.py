"""A running, shared lab: hostile links, and strangers at somebody's experiment. A few of `make attacks`."""

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from app.doors.page_errors import FAILED
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


def test_a_forged_speed_is_told_to_whoever_forges_it(lab: Lab) -> None:
    """Was a page that failed."""
    with closing(Visitor(lab.host)) as visitor:
        shown = visitor.open("epochs=100000&num_hidden=4&rules=dfa")
        again = visitor.do(WidgetState(id=shown.id("speed"), string_value="nothing"))
        assert again.exceptions == [] and "There is no speed" in again.text


def test_values_of_a_wrong_type_are_told_in_a_sentence(lab: Lab) -> None:
    """Widgets get values that no hand can have set; who sends them reads what to do, and can go on."""
    chance, failed = random.Random(1), 0
    for page in ("", "experiments", "compare", "feedback", "reproduce"):
        with closing(Visitor(lab.host)) as visitor:
            widgets = list(visitor.open("", page).widgets())
            for widget in chance.sample(widgets, min(6, len(widgets))):
                for _ in range(3):
                    again = visitor.do(strangers._forged(widget, chance))
                    assert again.ended == "FINISHED_SUCCESSFULLY" and set(again.exceptions) <= {FAILED}
                    failed += bool(again.exceptions)
                    assert not again.exceptions or visitor.open("", page).exceptions == []
    assert failed > 5


def test_strangers_change_nothing_of_somebodys_experiment(lab: Lab, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strangers, "EVERY", 5)
    monkeypatch.setattr(strangers, "PAGES_EACH", 2)
    monkeypatch.setattr(
        strangers, "PAGES", [page for page in strangers.PAGES if page.name in ("lab", "experiments", "feedback")]
    )
    outcome = Outcome("strangers", 2)
    id, begun = strangers.meet(lab, 2, 4, folder, outcome)
    assert outcome.faults == [] and outcome.counted["things done"] == 2 * 2 * 5
    lab.process.terminate()
    lab.process.wait(60)
    strangers.compare(folder, id, begun, outcome)
    assert outcome.faults == []
