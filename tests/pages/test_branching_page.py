"""Train on and Fork in the page: both are where a person looks, and do what the manager's tests prove."""

from dfa_lab.runs.replay.origin import origin_of
from tests.pages.test_experiments_page import visit
from tests.pages.test_scrubber import begin, finished, link, opened, settle, to, words
from tests.runs.patience import status, until, until_state


def labels(app) -> list[str]:
    return [one.label for one in app.button]


def said(app) -> str:
    """A text without what keeps Markdown from acting on it."""
    return words(app).replace("\\", "").replace("\u2060", "")


def test_what_has_ended_trains_on_in_the_lab_and_in_the_table(app):
    from app.shell.server import manager

    id, other = finished(epochs=2, schedule="linear"), finished(epochs=3)
    opened(app, "lab", experiment=id)
    assert "**2 of 2 epochs** are done." in said(app) and "Pause" not in labels(app)
    assert "goes on from where the longer fall is" in said(app)
    number = next(one for one in app.number_input if one.label == "Epochs in all")
    assert number.value == 4
    number.set_value(2).run()
    app.button(key="train_on_go").click().run()
    assert "more than 2" in said(app)
    next(one for one in app.number_input if one.label == "Epochs in all").set_value(5).run()
    app.button(key="train_on_go").click().run()
    assert not app.exception and "more than 2" not in said(app)
    until(lambda: status(manager(), id).step == 15 and status(manager(), id).state == "finished")
    until(lambda: manager()._lives[id].trainer is None)
    visit(app)
    app.session_state["runs_chosen"] = {id, other}
    app.run()
    next(one for one in app.number_input if one.label == "Epochs in all").set_value(4).run()
    app.button(key="runs_train_on_go").click().run()
    assert f"{id}: epochs" in said(app)  # has done more
    until(lambda: status(manager(), other).step == 12 and status(manager(), other).state == "finished")
    assert status(manager(), id).step == 15


def test_a_fork_begins_at_the_chosen_step_and_says_where_it_comes_from(app):
    from app.shell.server import manager

    id = finished(epochs=4)
    opened(app, "learnt", experiment=id)
    to(app, 7)
    app.session_state["fork_popover_0"] = True
    app.run()
    assert "after **step 7, epoch 2.3**" in said(app)
    app.text_input(key="fork_learning_rate").set_value("-1").run()
    assert "learning_rate (--LR) is -1" in said(app) and app.button(key="fork_begin").disabled
    app.text_input(key="fork_learning_rate").set_value("0.02").run()
    app.selectbox(key="fork_optimizer").set_value("adam").run()
    assert "The optimiser will begin anew there" in said(app)
    assert app.button(key="fork_begin").label == "Fork at step 7, 2 changed"
    app.button(key="fork_begin").click().run()
    assert not app.exception
    fork = link(app, "experiment")
    assert fork != id and not link(app, "at")
    until_state(manager(), fork, "finished")
    origin = origin_of(manager().store.events(fork))
    assert origin and (origin.id, origin.step) == (id, 7)
    assert origin.settings == {"optimizer": ("rmsprop", "adam"), "learning_rate": (0.001, 0.02)}
    settle(app)
    assert f"Forked from {id} at step 7, with optimizer adam instead of rmsprop, learning_rate 0.02" in said(app)
    assert "fork_begin" not in [one.key for one in app.button]  # it has closed


def test_what_runs_can_be_forked_from_the_lab(app):
    from app.shell.server import manager

    id = begin(epochs=10_000)
    until(lambda: status(manager(), id).step > 3)
    opened(app, "lab", experiment=id)
    app.session_state["fork_expander_0"] = True
    app.run()
    app.button(key="fork_begin").click().run()
    assert not app.exception
    fork = link(app, "experiment")
    until_state(manager(), fork, "running")
    assert fork != id and manager().records(fork)[0].step == 0
