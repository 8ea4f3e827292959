"""What the form's experiment costs stands beside Start; no time is said that nobody measured."""

import pytest
import torch
from streamlit.testing.v1 import AppTest

from app.form import cost
from dfa_lab import data, networks
from dfa_lab.machine.disk_room import human
from dfa_lab.runs import speed
from dfa_lab.runs.admission import taken_by
from dfa_lab.settings.parsing import parse
from tests.pages.test_pages import button
from tests.pages.test_scrubber import link
from tests.runs.patience import status, until

MEASURED = "a step, as measured here"


def lines(app: AppTest) -> list[str]:
    return [one.value for one in app.caption if "parameters" in one.value]


@pytest.mark.parametrize(
    "settings",
    [
        {"num_hidden": "20,10", "gradient": "bp,dfa", "seed": "0,1"},
        {"dataset": "mnist", "network": "conv", "conv_channels": "4,6", "conv_hidden": "30", "batchnorm": 1, "bias": False},
    ],
)
def test_parameters_are_those_of_the_network_that_is_built(settings: dict) -> None:
    experiment = parse(settings)
    facts = data.facts_of(experiment)
    built = networks.build(experiment, facts.shape, facts.classes, 0)
    assert networks.parameters(experiment, facts) == sum(p.numel() for p in built.parameters())
    assert all(p.device == torch.device("cpu") for p in built.parameters())


def test_the_line_counts_what_the_form_says(app: AppTest) -> None:
    app.query_params.update({"num_hidden": "20", "num_layers": "1", "gradient": "bp,dfa", "batchSize": "33"})
    app.run()
    experiment = parse({"num_hidden": 20, "num_layers": 1, "gradient": "bp,dfa", "batchSize": 33})
    count = 64 * 20 + 20 + 20 * 10 + 10
    said = f"2 networks of {count:,} parameters · at most {human(taken_by(experiment))} of memory"
    assert lines(app) == [f"{said}.", f"Start trains {said}."]
    assert button(app, "Start").help == f"{cost.BEGIN}: {said}."


def test_a_form_with_a_problem_costs_nothing(app: AppTest) -> None:
    app.query_params["num_hidden"] = "20"
    app.run().text_input(key="setting_num_hidden").set_value("many").run()
    assert lines(app) == [] and button(app, "Start").help == cost.BEGIN


def test_the_time_of_a_step_is_said_once_it_was_measured(app: AppTest) -> None:
    from app.shell.server import manager

    app.query_params.update({"num_hidden": "21", "batchSize": "16", "epoch": "1", "gradient": "dfa"})
    assert MEASURED not in lines(app.run())[0]
    button(app, "Start").click().run()
    id = link(app, "experiment")
    until(lambda: status(manager(), id).state == "finished")
    assert MEASURED in lines(app.run())[0]
    app.text_input(key="setting_learning_rate").set_value("0.01").run()  # costs the same, and begins anew
    assert MEASURED in lines(app)[0]
    id = link(app, "experiment")
    until(lambda: status(manager(), id).state == "finished")
    app.run()
    trained = status(manager(), id).experiment
    took = manager().speed.of_step(trained.model_copy(update={"seeds": (5,), "learning_rate": 0.1}))
    assert took and cost._short(took) in lines(app)[0]
    for other in ({"num_hidden": 22}, {"seeds": (0, 1)}, {"batch_size": 17}, {"rules": ("bp",)}, {"dataset": "xor"}):
        assert manager().speed.of_step(trained.model_copy(update=other)) is None, other


def test_what_does_not_matter_are_settings() -> None:
    assert set(type(parse({})).model_fields) > speed.NO_MATTER


@pytest.mark.parametrize(("seconds", "said"), [(0.00089, "0.89 ms"), (0.0123, "12 ms"), (0.25, "250 ms"), (2.345, "2.3 s")])
def test_a_step_in_words(seconds: float, said: str) -> None:
    assert cost._short(seconds) == said
