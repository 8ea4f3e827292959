"""Lessons, hidden controls, sharing and projector mode, as their visitors meet them."""

import html
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import segno
from streamlit.testing.v1 import AppTest

from app.visit import hidden_controls, share
from dfa_lab.lessons import lessons
from dfa_lab.settings.experiment import Experiment
from dfa_lab.settings.parsing import parse
from tests.runs.patience import until_state

ROOT = Path(__file__).parents[2]


@pytest.fixture
def page(app):
    app.switch_page(str(ROOT / "pages" / "lessons.py"))
    return app


def button(test: AppTest, label: str):
    return next(one for one in test.button if one.label == label)


def param(test: AppTest, name: str) -> str:
    """A parameter of the address; AppTest gives what a link brought as a list."""
    value = test.query_params.get(name, "")
    return value if isinstance(value, str) else value[0]


def labels(test: AppTest) -> list[str]:
    return [one.label for one in test.button]


def said(test: AppTest) -> str:
    kinds = (test.markdown, test.success, test.warning, test.error, test.info, test.caption)
    return "\n".join(one.value for kind in kinds for one in kind)


def test_a_lesson_can_be_clicked_through_to_its_end(page):
    """The engine's side of it; tests/browser clicks through all of them."""
    from app.shell.server import manager

    name = "what-is-dfa"
    page.run()
    page.button(key=f"begin_{name}").click().run()
    steps = lessons()[name].steps
    runs = set()
    for number, step in enumerate(steps, start=1):
        assert not page.exception and not page.error
        assert (param(page, "lesson"), param(page, "step")) == (name, str(number))
        assert step.reveal not in said(page) and button(page, "Watch what happens").disabled
        guess = number % len(step.choices) + 1
        page.radio[0].set_value(guess).run()
        button(page, "Watch what happens").click().run()
        assert not page.exception and not page.error
        assert step.hint in said(page) and step.choices[guess - 1] in said(page)
        assert not judged(page) and step.reveal not in said(page)
        run = param(page, "run")
        status = manager().status(run)
        assert status and status.experiment == step.experiment and status.pace > 0
        runs.add(run)
        button(page, "Show the answer").click().run()
        assert not page.exception and step.reveal in said(page) and param(page, "seen") == "1"
        assert ("That is so." in said(page)) == step.right(guess) and judged(page)
        if number < len(steps):
            button(page, "Next").click().run()
    assert len(runs) == len(steps) and "Next" not in labels(page)
    active = [run for run in runs if (status := manager().status(run)) and status.state in ("loading", "running")]
    assert len(active) <= 1  # the step before is stopped
    button(page, "Next lesson").click().run()
    assert (param(page, "lesson"), param(page, "step")) == (list(lessons())[1], "1") and "seen" not in page.query_params
    button(page, "All lessons").click().run()
    assert "lesson" not in page.query_params and "Begin lesson 1" in labels(page)
    assert any("Done" in one.value for one in page.caption)


def judged(test: AppTest) -> bool:
    """Whether the page says if the guess was right, or what happens."""
    return bool(test.success or test.warning or "What it means" in [one.value for one in test.subheader])


def test_the_answer_comes_when_the_training_has_come_to_it(page, monkeypatch):
    from app.shell.server import manager

    step = lessons()["why-it-aligns"].steps[1]
    page.query_params.update({"lesson": "why-it-aligns", "step": "2"})
    page.run()
    page.radio[0].set_value(1).run()
    button(page, "Watch what happens").click().run()
    run = param(page, "run")
    button(page, "Pause").click().run()
    until_state(manager(), run, "paused")
    page.run()
    assert not judged(page) and "Resume" in labels(page)
    status = type(manager()).status
    for epoch, there in ((step.passes - 0.5, False), (step.passes, True)):

        def moved(self, id: str, epoch: float = epoch):
            found = status(self, id)
            return replace(found, epoch=epoch) if found and id == run else found

        monkeypatch.setattr(type(manager()), "status", moved)
        page.run()
        assert not page.exception and judged(page) == there
        assert (step.reveal in said(page)) == there and ("Show the answer" in labels(page)) == (not there)
    monkeypatch.undo()
    button(page, "Again").click().run()
    assert param(page, "run") != run and judged(page)  # whoever has seen the answer has seen it


def test_an_experiment_that_ends_before_the_answer_says_so(page):
    from app.shell.server import manager

    page.query_params.update({"lesson": "why-it-aligns", "step": "2"})
    page.run()
    page.radio[0].set_value(1).run()
    button(page, "Watch what happens").click().run()
    manager().stop(param(page, "run"))
    page.run()
    assert "ended before it had shown the answer" in said(page) and "Show the answer" in labels(page)
    assert "Pause" not in labels(page) and "Again" in labels(page)


def test_a_link_opens_a_step_and_keeps_the_answer_but_runs_nothing(page):
    page.query_params.update({"lesson": "deep", "step": "2", "answer": "1", "run": "gone"})
    page.run()
    assert not page.exception
    assert lessons()["deep"].steps[1].reveal not in said(page) and "not on this server any more" in said(page)
    button(page, "Show the answer").click().run()
    assert lessons()["deep"].steps[1].reveal in said(page)
    button(page, "Back").click().run()
    assert param(page, "step") == "1" and lessons()["deep"].steps[0].reveal not in said(page)


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"lesson": "nothing"}, "There is no lesson"),
        ({"lesson": "deep", "step": "9"}, "has no step"),
        ({"path": "nowhere"}, "There is no path"),
    ],
)
def test_a_wrong_link_gets_its_sentence(page, params, sentence):
    page.query_params.update(params)
    page.run()
    assert not page.exception
    assert sentence in said(page)


def test_a_step_opens_in_the_lab_with_its_settings(page):
    page.query_params.update({"lesson": "deep", "step": "1", "answer": "2"})
    page.run()
    button(page, "Open in the Lab").click().run()
    assert not page.exception and not page.error
    assert page.session_state["setting_num_layers"] == 8 and "shallow" in page.session_state["setting_rules"]


def widgets(test: AppTest) -> set[str]:
    kinds = ("number_input", "text_input", "selectbox", "button_group", "radio", "toggle")
    keys = [one.key or "" for kind in kinds for one in getattr(test, kind)]
    return {key.removeprefix("setting_") for key in keys if key.startswith("setting_")}


def test_a_link_hides_controls_and_keeps_their_values(app):
    app.query_params.update({"hide": "training,dataset,transport", "num_layers": "3", "LR": "0.01"})
    app.run()
    assert not app.exception and not app.error
    there = widgets(app)
    assert not there & {"dataset", *hidden_controls.members("training")} and {"num_layers", "rules"} <= there
    assert "Start" in labels(app) and "Pause" not in labels(app)
    button(app, "Start").click().run()
    assert param(app, "hide") == "training,dataset,transport" and "Start" not in labels(app)
    from app.shell.server import manager

    status = manager().status(param(app, "experiment"))
    assert status and (status.experiment.learning_rate, status.experiment.num_layers) == (0.01, 3)
    button(app, "Show all").click().run()
    assert not app.exception
    assert {"dataset", "learning_rate"} <= widgets(app) and "Pause" in labels(app)
    assert "hide" not in app.query_params and app.text_input(key="setting_learning_rate").value == "0.01"


def test_all_can_be_hidden_and_unknown_names_get_a_sentence(app):
    app.query_params["hide"] = "all,trainig,<b>"
    app.run()
    assert not app.exception and not widgets(app)
    text = app.error[0].value.replace("\\", "")
    assert "The link hides 'trainig', which is no control: did you mean training?" in text and text.count("no control") == 2


@pytest.mark.parametrize("text", ["", "all", "transport", "LR, batchSize", "network,num_layers"])
def test_what_hide_names(text: str):
    hidden, problems = hidden_controls.read(text)
    assert problems == []
    settings = {
        "": set(),
        "all": set(Experiment.model_fields),
        "transport": set(),
        "LR, batchSize": {"learning_rate", "batch_size"},
    }
    assert hidden - {"transport"} == settings.get(text, set(hidden_controls.members("network")))
    assert ("transport" in hidden) == (text in ("all", "transport"))


def test_sharing_offers_link_code_frame_and_command(app):
    app.run()
    assert not any("iframe" in one.value for one in app.code)  # nothing is made while it is closed
    app.session_state["share"] = True  # the popover opens
    app.run()
    app.button_group(key="share_hide").set_value(["training", "transport"]).run()
    app.toggle(key="share_projector").set_value(True).run()
    app.toggle(key="share_guide").set_value(True).run()
    assert not app.exception
    link = next(one.value for one in app.code if "hide=" in one.value and "iframe" not in one.value)
    given = parse_qs(urlsplit(link).query)
    assert given.pop("hide") == ["training,transport"] and given.pop("projector") == ["true"]
    assert given.pop("guide") == ["false"]
    parse({name: values[0] for name, values in given.items()})
    frame = next(one.value for one in app.code if "iframe" in one.value)
    source = re.search(r'src="([^"]+)"', frame)
    assert source and html.unescape(source[1]) == link + "&embed=true"
    assert any("python -m dfa_lab train" in one.value for one in app.code)


def test_the_qr_code_is_that_of_the_link():
    link = share.link(parse({"num_layers": 3}), {"hide": "all"})
    assert link.endswith("?num_layers=3&hide=all")
    image = unquote(share.qr(link))
    code = segno.make(link, micro=False)
    expected = unquote(code.svg_data_uri(border=4, dark="#000", light="#fff", scale=8))
    assert expected in image and 'alt="QR code of the link"' in image
    assert len(segno.make("x" * 2000).matrix) > len(code.matrix)


def test_projector_mode_is_in_the_link_and_reaches_the_chart(app):
    app.query_params["projector"] = "true"
    app.run()
    assert not app.exception
    (chart,) = (one.proto for one in app.get("bidi_component") if one.proto.component_name == "dfa_lab_live")  # type: ignore[attr-defined]
    assert '"large":true' in chart.json.replace(" ", "") and '"sizes":[]' in chart.json.replace(" ", "")
    button(app, "Small type").click().run()
    assert "projector" not in app.query_params and "Projector" in labels(app)
