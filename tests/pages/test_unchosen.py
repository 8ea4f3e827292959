"""Settings that nobody chose are the defaults, whatever is on screen."""

import pytest
from streamlit.testing.v1 import AppTest

from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import differences
from tests.pages.test_pages import button
from tests.pages.test_scrubber import link, opened
from tests.runs.patience import status, until

PLAIN = {"dataset": "gaussians", "epochs": "1"}  # a data set that declares no settings
XOR = {"num_layers": "3", "num_hidden": "16", "learning_rate": "0.003", "batch_size": "32", "normalization": "channel"}


def begun(app: AppTest, dataset: str = "gaussians") -> Experiment:
    """Choose a data set and few epochs, press Start: what is trained."""
    from app.shell.server import manager

    app.selectbox(key="setting_dataset").set_value(dataset).run()
    app.number_input(key="setting_epochs").set_value(1).run()
    assert not app.error
    button(app, "Start").click().run()
    assert not app.exception
    return status(manager(), link(app, "experiment")).experiment


@pytest.mark.parametrize("before", ["", "Pause", "Step", "Reset"])
def test_only_what_a_visitor_chose_differs_from_the_defaults(app: AppTest, before: str) -> None:
    app.run()
    if before:  # on the demonstration, of which the visitor then gets a copy
        button(app, before).click().run()
        assert link(app, "experiment")
    assert differences(begun(app)) == PLAIN
    assert differences(begun(app, "xor")) == {"dataset": "xor", "epochs": "1", **XOR}  # and what was said to be filled in


def test_neither_a_link_to_a_copy_of_the_demonstration_nor_a_fork_of_it_chooses_its_settings(app: AppTest) -> None:
    from app.shell.server import manager

    demo = manager().demo()
    until(lambda: status(manager(), demo).step > 3)
    copy = manager().fork(demo, paused=True)
    until(lambda: status(manager(), copy).state == "paused")
    fork = manager().fork_at(copy, 2, {"learning_rate": 0.02}, paused=True)
    for id in (copy, fork):
        opened(app, "lab", experiment=id)
        assert app.number_input(key="setting_batch_size").value == Experiment().batch_size
        assert app.session_state["setting_device"] == Experiment().device
    assert differences(begun(app)) == PLAIN


def test_an_experiment_that_a_person_began_still_fills_the_form(app: AppTest) -> None:
    from app.shell.server import manager

    id = manager().start(Experiment(num_hidden=7, batch_size=32, epochs=1))
    opened(app, "lab", experiment=id)
    assert (app.text_input(key="setting_num_hidden").value, app.number_input(key="setting_batch_size").value) == ("7", 32)
