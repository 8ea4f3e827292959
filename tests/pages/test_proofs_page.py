"""The page "Is it really DFA?" and the command that says the same."""

from pathlib import Path

import typer
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner, Result

from dfa_lab import feedback
from dfa_lab.cli.options import DfaTorchCommand
from dfa_lab.cli.prove import prove
from dfa_lab.proofs import ControlTraining
from tests.impostors import BackpropDfa

ROOT = Path(__file__).parents[2]


def proofs_of(app: AppTest) -> str:
    """Go to the page; everything that its HTML says."""
    app.switch_page(str(ROOT / "pages" / "proofs.py")).run()
    assert not app.exception
    return " ".join(one.proto.body for one in app.get("html"))  # type: ignore[attr-defined]


def words(app: AppTest) -> str:
    return " ".join(one.value.replace("\\", "") for kind in ("markdown", "caption", "error") for one in getattr(app, kind))


def test_who_comes_first_here_sees_the_defaults_examined(app):
    html = proofs_of(app)
    assert "digits, mlp 2×100 tanh, bce, rmsprop" in words(app)
    assert [one.value[:2] for one in app.header] == ["1.", "2.", "3.", "4."]
    assert len(app.get("plotly_chart")) == 4
    assert "fails" not in html and html.count("passes") >= 2 * 8


def test_it_examines_what_is_in_the_form_and_trains_it(app):
    app.query_params.update({"num_hidden": "7", "gradient": "dfa,shallow", "epoch": "1", "type": "cpu"})
    app.run()
    proofs_of(app)
    assert "mlp 2×7" in words(app)
    next(one for one in app.button if one.label == "Train and compare").click().run()
    assert not app.exception
    assert [one.value[:2] for one in app.header] == ["1.", "2.", "3.", "4.", "5."]
    assert "23 of the 23 steps of the settings" in words(app)


def test_the_control_is_trained_to_its_end_on_demand(app, monkeypatch):
    monkeypatch.setattr(ControlTraining.__init__, "__defaults__", (2,))  # epochs
    app.query_params.update({"num_hidden": "7", "gradient": "dfa", "epoch": "1", "type": "cpu"})
    app.run()
    proofs_of(app)
    app.toggle(key="proof_control_to_end").set_value(True)
    next(one for one in app.button if one.label == "Train and compare").click().run()
    assert not app.exception
    assert "The control: trained for 2 epochs at rate" in words(app)


def test_the_command_takes_the_option_of_the_page(monkeypatch):
    monkeypatch.setattr(ControlTraining.__init__, "__defaults__", (2,))  # epochs
    result = proved("--gradient", "dfa", "--epoch", "1", "--control_to_end")
    assert "the control, trained for 2 epochs at rate" in result.output


def test_an_impostor_fails_on_the_page(app, monkeypatch):
    monkeypatch.setattr(feedback, "rule_class", lambda _: BackpropDfa)
    app.query_params.update({"num_hidden": "7", "gradient": "dfa"})
    app.run()
    html = proofs_of(app)
    assert html.count("fails") == 2 * 3 and "The gradient of layer 1 moves with W2 above it" in html


def test_what_cannot_be_examined_is_said_in_a_sentence(app):
    app.query_params["dataset"] = "mnist"
    app.run()
    proofs_of(app)
    assert [one for one in app.error if "MNIST" in one.value]
    assert not app.header


def proved(*arguments: str) -> Result:
    command = typer.Typer()
    command.command(cls=DfaTorchCommand)(prove)
    return CliRunner().invoke(command, ["--num_hidden", "7", "--type", "cpu", *arguments])


def test_the_command_says_the_same():
    result = proved("--gradient", "dfa", "-epoch", "1", "--seconds", "30")
    assert result.exit_code == 0, result.output
    assert [line[:2] for line in result.stdout.splitlines() if line[1:2] == "."] == ["1.", "2.", "3.", "4.", "5."]
    assert "23 of the 23 steps" in result.stdout


def test_the_command_fails_with_an_impostor_and_refuses_what_it_cannot_take(monkeypatch):
    monkeypatch.setattr(feedback, "rule_class", lambda _: BackpropDfa)
    result = proved("--gradient", "dfa", "--seconds", "0")
    assert result.exit_code == 1 and "fails" in result.stdout
    assert proved("--num_layers", "0").exit_code == 2
