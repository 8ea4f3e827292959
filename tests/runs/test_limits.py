"""What a server gives each visitor: declared once, kept over restarts, and never a matter of whoever keeps the server."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from dfa_lab.runs.house_rules import CLOSED, KEEP, LIMITS
from dfa_lab.runs.limits import TOO_MANY_KEPT, Limits, facts
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.rights import ADMINISTRATORS, NotAllowed, Visitor
from dfa_lab.runs.rights import CLOSED as IS_CLOSED
from dfa_lab.settings.experiment import SettingsError
from tests.runs.patience import tiny, until_state

KEEPER, ANN, BOB = Visitor("", administrator=True), Visitor("ann"), Visitor("bob")


@pytest.mark.parametrize("name", Limits.model_fields)
def test_each_says_what_it_is_and_what_it_may_be(name: str) -> None:
    field = Limits.model_fields[name]
    about = facts(field)
    assert field.title and field.description and field.description.endswith(".") and about["unit"]
    assert about["least"] <= field.default <= about["most"]
    for wrong in (about["least"] - 1, about["most"] + 1, 2.5, True, "3", None):
        with pytest.raises(ValidationError):
            Limits.model_validate({name: wrong})
    assert getattr(Limits(**{name: about["least"]}), name) == about["least"]


def test_they_and_the_closed_door_are_there_after_a_restart_and_the_administrators(tmp_path: Path) -> None:
    acting = [KEEPER]
    manager = Manager(tmp_path, who=lambda: acting[0])
    assert manager.rules.limits == Limits() and not manager.rules.closed
    manager.rights.set_limits(Limits(places=3, kept=2))
    manager.rights.close(True)
    acting[0] = ANN
    for forbidden in (lambda: manager.rights.set_limits(Limits()), lambda: manager.rights.close(False)):
        with pytest.raises(NotAllowed) as caught:
            forbidden()
        assert str(caught.value) == ADMINISTRATORS
    manager.close()

    again = Manager(tmp_path, who=lambda: acting[0])
    try:
        assert again.rules.limits == Limits(places=3, kept=2) and again.rules.closed
        with pytest.raises(SettingsError) as refused:
            again.start(tiny())
        assert refused.value.problems == [IS_CLOSED]
        acting[0] = KEEPER
        again.rights.close(False)
        acting[0] = ANN
        ids = [again.start(tiny()), again.start(tiny())]
        for begin in (lambda: again.start(tiny()), lambda: again.fork(ids[0], paused=True)):
            with pytest.raises(SettingsError) as refused:
                begin()
            assert refused.value.problems == [TOO_MANY_KEPT.format(2)]
        acting[0] = BOB
        again.start(tiny())  # ann's are no matter of his
        acting[0] = KEEPER
        several = [again.start(tiny(epochs=1)) for _ in range(4)]
        acting[0] = ANN
        again.remove(ids[0])
        again.start(tiny(epochs=1))
        acting[0] = KEEPER
        for id in several:
            until_state(again, id, "finished")
    finally:
        again.close()


def test_what_was_written_by_another_version_holds_as_far_as_it_can_be_read(tmp_path: Path) -> None:
    manager = Manager(tmp_path)
    strange = {"places": 5, "running": -3, "waiting": "many", "of another version": 1, "kept": True}
    manager.store.put(KEEP, LIMITS, json.dumps(strange))
    manager.close()
    again = Manager(tmp_path)
    assert again.rules.limits == Limits(places=5) and not again.rules.closed
    again.store.put(KEEP, LIMITS, "[not] json")
    again.store.put(KEEP, CLOSED, "yes")
    again.close()
    third = Manager(tmp_path)
    assert third.rules.limits == Limits() and not third.rules.closed
    third.close()
