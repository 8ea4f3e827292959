"""The page Feedback: what it draws, what its buttons do, and what it says where there is nothing to draw."""

from pathlib import Path

import plotly.graph_objects as go
import pytest
import torch
from streamlit.testing.v1 import AppTest

from app.feedback import matrix_figures
from dfa_lab.inspect.feedback_picture import Pair, picture
from dfa_lab.settings.parsing import parse
from tests.runs.patience import until, until_state, until_step

ROOT = Path(__file__).parents[2]
TINY = {"num_hidden": 6, "epochs": 10_000, "batch_size": 512, "probe_size": 8, "device": "cpu", "measure_every": 5}


def begin(**settings: object) -> str:
    """An experiment that trains, paused after a few steps."""
    from app.shell.server import manager

    id = manager().start(parse(TINY | settings))
    until_step(manager(), id, 12)
    manager().pause(id)
    until_state(manager(), id, "paused")
    return id


def opened(app: AppTest, id: str = "") -> AppTest:
    if id:
        app.query_params["experiment"] = id
    app.run()
    app.switch_page(str(ROOT / "pages" / "feedback.py")).run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "error")
    return " ".join(one.value.replace("\\", "") for kind in kinds for one in getattr(app, kind))


def test_the_matrices_of_what_is_on_screen(app):
    id = begin(rules="bp,fa,dfa", num_layers=3, feedback_scales="1,3,0.5")
    opened(app, id)
    assert "feedback × (1, 3, 0.5)" in words(app) and "times as wide" not in words(app)
    assert len(app.get("plotly_chart")) == 5
    assert "W₄ W₃ W₂**, the weights it stands in for: 10 × 6" in words(app) and "B₁**, the feedback: 10 × 6" in words(app)
    assert [one.label for one in app.metric][:3] == ["Angle of the two", "Correlation", "Same sign"]
    app.button_group(key="feedback_rule").set_value("fa").run()
    app.button_group(key="feedback_block").set_value(2).run()
    assert not app.exception
    assert "W₃**, the weights it stands in for: 6 × 6" in words(app)
    assert "B₃ was drawn 3 times as wide as the feedback magnitude says." in words(app)
    app.button_group(key="feedback_rule").set_value("bp").run()
    assert not app.exception
    assert "bp has no feedback matrix" in words(app) and len(app.get("plotly_chart")) == 1


def test_a_button_changes_the_matrix_and_the_page_tells(app):
    from app.shell.server import manager

    id = begin(rules="fa,dfa")
    opened(app, id)

    def B(rule: int) -> torch.Tensor:
        found = manager().look(id, lambda trainer: trainer.runs[rule].rule.matrices(trainer.runs[rule].network)[1].clone())
        assert found is not None
        return found

    fa, dfa = B(0), B(1)
    app.button(key="feedback_flip").click().run()
    assert torch.equal(B(1), -dfa) and torch.equal(B(0), fa)
    assert "the feedback to block 1 changed its sign in dfa" in words(app)
    app.button_group(key="feedback_of").set_value("all rules").run()
    app.button(key="feedback_break").click().run()
    assert not B(0).any() and not B(1).any()
    assert not app.exception and [one.value for one in app.metric][:3] == ["none"] * 3
    app.button(key="feedback_redraw").click().run()
    assert B(0).any() and not torch.equal(B(1), dfa)
    app.button_group(key="feedback_of").set_value("dfa").run()
    app.button_group(key="feedback_part").set_value("one entry").run()
    app.number_input(key="feedback_unit").set_value(4).run()
    app.number_input(key="feedback_row").set_value(9).run()
    before = B(1)
    assert f"B₁ from row 9 to unit 4 is {float(before[8, 3]):+.3g}" in words(app)
    app.button(key="feedback_flip").click().run()
    assert (B(1) != before).nonzero().tolist() == [[8, 3]] and B(1)[8, 3] == -before[8, 3]
    assert "block 1, unit 4 from row 9, changed its sign in dfa." in words(app)
    app.button_group(key="feedback_rule").set_value("fa").run()  # its matrix has fewer rows
    assert app.number_input(key="feedback_row").value == 6 and not app.exception
    assert (status := manager().status(id)) and status.state == "paused"


def test_another_b_is_trained_with_from_here(app):
    from app.shell.server import manager

    id = begin(rules="dfa", feedback_magnitude=0.3, seeds=4)
    opened(app, id)
    app.selectbox(key="setting_feedback_distribution").set_value("signs").run()
    app.text_input(key="setting_feedback_magnitude").set_value("x").run()
    assert app.button(key="feedback_another").disabled and "give a number from 0 to 1000" in words(app)
    app.text_input(key="setting_feedback_magnitude").set_value("0.2").run()
    app.button(key="feedback_another").click().run()
    assert not app.exception and app.session_state["watched"] != id
    before, after = manager().status(id), manager().status(app.session_state["watched"])
    changed = {"feedback_magnitude": 0.2, "feedback_distribution": "signs"}
    assert before and after and after.experiment == before.experiment.model_copy(update=changed)


def test_of_the_demonstration_a_copy_is_changed(app):
    from app.shell.server import manager

    demo = manager().demo()
    until_step(manager(), demo, 2)
    opened(app)
    assert "The demonstration" in words(app)
    app.button(key="feedback_break").click().run()
    assert not app.exception
    id = app.session_state["watched"]
    assert id and id != demo and "Your experiment" in words(app)
    until(lambda: [event for event in manager().store.events(id) if event.kind == "knob"])
    assert not [event for event in manager().store.events(demo) if event.kind == "knob"]


def test_what_has_ended_is_replayed_and_cannot_be_changed(app):
    from app.shell.server import manager

    id = begin(rules="dfa")
    manager().stop(id)
    opened(app, id)
    assert "The past cannot be changed. Start another training in the Lab" in words(app)
    assert app.button(key="feedback_flip").disabled
    assert len(app.get("plotly_chart")) == 5  # its last step, and what was measured


def test_zero_has_no_colour_and_both_scales_agree():
    shown = picture(Pair(torch.tensor([[1.0, -3.0]]), torch.tensor([[2.0, 0.5]]), "B₁", "W₂"))
    assert shown.W is not None
    for theme in ("light", "dark"):
        (heat,) = matrix_figures.heat(shown.B, 3.0, theme).data
        assert isinstance(heat, go.Heatmap) and (heat.zmin, heat.zmax) == (-3.0, 3.0)
        assert heat.colorscale and heat.colorscale[1] == (0.5, matrix_figures.NEUTRAL[theme])
        framed = matrix_figures.heat(shown.B, 3.0, theme, unit=2, row=1).layout.shapes
        assert [(box.x0, box.x1, box.y0, box.y1) for box in framed] == [pytest.approx((0.48, 1.52, -0.51, 0.51))]
    wide = picture(Pair(torch.randn(10, 512), None, "B₁", ""))  # two units a cell
    (column,) = matrix_figures.heat(wide.B, 3.0, "light", unit=3).layout.shapes
    assert (column.x0, column.x1, column.y0, column.y1) == pytest.approx((0.5 - 2.56, 1.0 + 2.56, -0.5, 9.5))
    assert matrix_figures.heat(wide.B, 3.0, "light").to_plotly_json()["data"][0]["x"][1] == "units 3 to 4"
    histogram = matrix_figures.histogram(shown, "#000000").to_plotly_json()["data"]
    assert {line["name"] for line in histogram} == {"B₁", "W₂"}
    lines = matrix_figures.recovery([0, 5], [90.0, None], [3, 4], "#000000").layout.shapes
    assert sorted(line.x0 for line in lines if line.x0 == line.x1) == [3, 4]
