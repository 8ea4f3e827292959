"""The page Compare: what it compares, what it sends to the charts, and what it says of a difference."""

from contextlib import closing
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.compare.choices import HOW
from app.compare.message import Look, Panel, message
from app.compare.significance import measured_of
from app.shell.server import manager
from dfa_lab.compare import run_groups
from dfa_lab.compare.as_of import last_steps
from dfa_lab.compare.lines import EXTREMES, SINGLE
from dfa_lab.compare.run_groups import Group
from dfa_lab.feedback import rule_class
from dfa_lab.records import Record
from dfa_lab.runs.demo import demonstration
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.parsing import parse
from tests.runs.patience import until_state

PAGE = str(Path(__file__).parents[2] / "pages" / "compare.py")
ERRORS = {"bp": (0.020, 0.035, 0.041), "dfa": (0.030, 0.040, 0.050)}  # at the end, by seed


def fill(folder: Path, count: int = 5) -> None:
    """e0 … e4, bp and dfa with seeds 0, 1, 2, a learning rate each; e1 is in orange."""
    with closing(Store(folder)) as store:
        for n in range(count):
            experiment = parse({"rules": "bp,dfa", "seeds": "0,1,2", "learning_rate": 0.01 * (n + 1)})
            store.create(f"e{n}", experiment)
            records = []
            for step in (0, 10, 20):
                for run, (rule, seed) in enumerate(experiment.runs()):
                    error = ERRORS[rule][seed] + (20 - step) / 40
                    records.append(Record(run, "test_error", None, error, step, step / 10, step * 64, step / 100))
                    records.append(Record(run, "signal_angle", 1, 80.0 - step, step, step / 10, step * 64, step / 100))
            store.add_records(f"e{n}", records)
            store.set_state(f"e{n}", "finished")
        store.update("e1", colour="#E69F00")


def visit(app: AppTest) -> AppTest:
    app.run()
    app.switch_page(PAGE).run()
    assert not app.exception
    return app


def view(app: AppTest) -> dict:
    assert not app.exception
    return app.session_state["compare_view"]


def lines_of(app: AppTest) -> list[str]:
    return [group["name"] for group in view(app)["groups"]]


def test_before_anything_was_trained_the_demonstration_is_compared_with_itself(app):
    visit(app)
    assert app.info[0].value == f"Nothing is chosen, so here is the demonstration. {HOW}"
    assert lines_of(app) == ["bp", "fa", "dfa"]
    assert app.multiselect(key="compare_ids").options == ["The demonstration · digits, mlp 2×100 tanh, bce, rmsprop"]


def test_a_first_experiment_stands_beside_the_demonstration_and_what_differs_is_said(app, tmp_path):
    with closing(Store(tmp_path)) as store:
        settings = demonstration(0)[0].model_dump() | {"num_layers": 3, "rules": ("bp", "dfa")}
        store.create("e", parse(settings))
        store.set_state("e", "finished")
    visit(app)
    assert "the latest experiment and the demonstration" in app.info[0].value
    assert lines_of(app) == ["layers 3 · bp", "layers 2 · bp", "layers 2 · fa", "layers 3 · dfa", "layers 2 · dfa"]
    assert any("differ in hidden layers (2, 3)" in one.value.replace("\\", "") for one in app.caption)


def test_a_link_to_the_demonstration_is_of_whichever_showing_there_is(app, tmp_path, monkeypatch):
    fill(tmp_path, 2)
    app.query_params["compare"] = "e1,demonstration"
    visit(app)
    assert app.query_params["compare"] == "e1,demonstration" and not app.warning
    first = manager().demo()
    assert {group["runs"] for group in view(app)["groups"]} == {1, 3}
    monkeypatch.setattr("dfa_lab.runs.manager.DEMO_PAUSE", 0)
    manager().stop(first)
    until_state(manager(), first, "stopped")
    app.run()
    assert manager().demo() != first
    assert app.query_params["compare"] == "e1,demonstration" and {group["runs"] for group in view(app)["groups"]} == {1, 3}


def test_without_a_choice_it_is_the_latest_and_a_choice_is_shared_with_the_table(app, tmp_path):
    fill(tmp_path)
    visit(app)
    assert "the latest 3 experiments" in app.info[0].value and "tick Show" in app.info[0].value
    assert lines_of(app)[:3] == ["learning rate 0.05 · bp", "learning rate 0.04 · bp", "learning rate 0.03 · bp"]
    app.multiselect(key="compare_ids").set_value(["e0", "e3"]).run()
    assert not app.info and app.session_state["runs_shown"] == {"e0", "e3"}
    assert lines_of(app)[::2] == ["learning rate 0.04 · bp", "learning rate 0.04 · dfa"]
    assert app.query_params["compare"] == "e3,e0"
    app.session_state["runs_shown"].add("e1")  # as the table does
    app.run()
    assert app.multiselect(key="compare_ids").value == ["e3", "e1", "e0"] and len(lines_of(app)) == 6


def test_the_table_of_experiments_leads_here(app, tmp_path):
    fill(tmp_path, 2)
    app.run()
    app.switch_page(str(Path(PAGE).with_name("experiments.py"))).run()
    assert app.button(key="runs_compare").disabled
    app.session_state["runs_chosen"] = {"e0"}
    app.run()
    app.button(key="runs_compare").click().run()
    assert lines_of(app) == ["bp", "dfa"] and app.multiselect(key="compare_ids").value == ["e0"]


def test_a_link_brings_the_experiments_and_how_they_are_drawn(app, tmp_path):
    fill(tmp_path)
    app.query_params["compare"] = "e1,e0,gone"
    app.query_params["look"] = (
        "panels:signal_angle.1~test_error,over:samples,lines:extremes,smoothing:0.5,log:True,calm:True,by:rule,rules:dfa,"
        "seeds:0~2"
    )
    visit(app)
    assert "'gone'" in app.warning[0].value and lines_of(app) == ["dfa"]
    sent = view(app)
    assert [panel["key"] for panel in sent["panels"]] == ["signal_angle.1", "test_error"] and sent["axis"]["name"] == "samples"
    assert [panel["log"] for panel in sent["panels"]] == [False, True] and sent["extremes"]
    (line,) = sent["panels"][1]["lines"]
    assert line["x"] == [0, 640, 1280] and "ghost" in line and sent["groups"][0]["runs"] == 4
    assert line["ghost"]["y"] == pytest.approx([54.0, 29.0, 4.0])  # %, of seeds 0 and 2
    app.segmented_control(key="compare_over").set_value("step").run()
    assert "over:" not in app.query_params["look"] and "smoothing:0.5" in app.query_params["look"]


def test_a_difference_is_said_with_its_numbers(app, tmp_path):
    fill(tmp_path, 1)
    app.query_params["compare"] = "e0"
    visit(app)
    said = next(one.value.replace("\\", "") for one in app.markdown if "be chance" in one.value)
    assert said.startswith("The last test error of dfa is 0.80 percentage points higher than that of bp, 95 % interval")
    assert "over 3 seeds, each trained from the same weights and batches" in said and "3 seeds are few" in said
    numbers = next(one.value for one in app.dataframe if "p, exact" in one.value.columns)
    assert numbers.iloc[0]["mean"] == "4.00 %" and numbers.iloc[0]["runs"] == "3 pairs"
    assert numbers.iloc[0]["p, exact"] == "0.25 (≥ 0.25)" and "p, Holm" not in numbers.columns


def test_several_comparisons_are_corrected(app, tmp_path):
    fill(tmp_path, 2)
    visit(app)
    others = next(one for one in app.multiselect if one.label == "different from")
    others.set_value(list(others.options)[:3]).run()
    assert not app.exception
    assert sum("corrected for" in one.value for one in app.markdown) == 2  # one pair has the very same values
    numbers = next(one.value for one in app.dataframe if "p, exact" in one.value.columns)
    assert (numbers["p, Holm"].dropna() >= numbers["p"].dropna()).all()


def test_one_opens_in_the_lab(app, tmp_path):
    fill(tmp_path, 2)
    visit(app)
    app.session_state["compare_opened"] = "e0"
    app.run()
    assert not app.exception and app.session_state["watched"] == "e0"


BOTH = (Panel("test_error"), Panel("signal_angle", 1))


def drawn(folder: Path, look: Look = Look(), panels=BOTH, **which) -> dict:  # noqa: B008
    with closing(Store(folder)) as store:
        found = store.experiments(10)
        ids = [one.id for one in found]
        curves = {panel: store.curves(ids, panel.metric, 1000, panel.layer) for panel in panels}
        return message(found, run_groups.groups(found, **which), curves, look, last_steps(store.finals(ids)))


def test_a_rule_has_one_colour_and_its_lines_differ_in_dash_and_mark(tmp_path):
    fill(tmp_path, 3)
    groups = drawn(tmp_path)["groups"]
    assert {group["colour"] for group in groups if group["rule"] == "dfa"} == {rule_class("dfa").colour}
    assert len({(group["dash"], group["mark"]) for group in groups if group["rule"] == "dfa"}) == 3
    alone = drawn(tmp_path, rules=["dfa"])["groups"]  # now a person's colour is free to be seen
    assert [group["colour"] for group in alone] == [rule_class("dfa").colour, "#E69F00", rule_class("dfa").colour]
    assert all(group["mark"] == "" for group in drawn(tmp_path, by=run_groups.RULE)["groups"])


def test_values_of_the_table_and_of_the_lines(tmp_path):
    fill(tmp_path, 1)
    error, angle = drawn(tmp_path)["panels"]
    assert error["cells"][0] == {"text": "3.20 ± 1.08 %", "value": pytest.approx(3.2), "lost": 0, "as_of": ""}
    assert error["lines"][0]["y"] == [53.2, 28.2, 3.2] and angle["cells"][1]["text"] == "60.0 ± 0.0°"
    low, high = (drawn(tmp_path, Look(spread=EXTREMES))["panels"][0]["lines"][0][side][-1] for side in ("low", "high"))
    assert (low, high) == pytest.approx((2.0, 4.1))
    assert len(drawn(tmp_path, Look(spread=SINGLE))["panels"][0]["lines"]) == 6
    with closing(Store(tmp_path)) as store:  # of a loss that diverges most digits are noise
        store.add_records("e0", [Record(run, "test_loss", None, 1.25e19 * (run + 1), 30, 1.0, 64, 0.1) for run in range(6)])
    (loss,) = drawn(tmp_path, panels=(Panel("test_loss"),))["panels"]
    assert loss["cells"][0]["text"] == "3.75e+19 ± 2.50e+19"


def test_a_figure_that_is_older_than_its_experiment_says_so(tmp_path):
    with closing(Store(tmp_path)) as store:
        store.create("e", parse({"rules": "bp,dfa", "seeds": "0,1"}))
        for run, tested in enumerate((30, 20, 30, 10)):  # bp and dfa of seed 0, then of seed 1
            errors = ((10, 0.3), *([(tested, 0.4)] if tested > 10 else []))
            store.add_records("e", [Record(run, "test_error", None, error, step, 1.0, 64, 0.1) for step, error in errors])
            store.add_records("e", [Record(run, "signal_angle", 1, 70.0, 25, 1.0, 64, 0.1)])
        store.add_records("e", [Record(0, "train_loss", None, 0.5, 30, 1.0, 64, 0.1)])
    for best, errors in ((False, ["", "steps 10 to 20"]), (True, ["step 10", "step 10"])):
        error, angle = drawn(tmp_path, Look(best=best))["panels"]
        assert [cell["as_of"] for cell in error["cells"]] == errors
        assert [cell["as_of"] for cell in angle["cells"]] == ["step 25", "step 25"]


def test_an_error_of_few_batches_does_not_pass_for_one_of_the_training_set(tmp_path):
    """With a record a step, dfa's best train error is that of 64 samples."""
    with closing(Store(tmp_path)) as store:
        store.create("e", parse({"rules": "dfa", "seeds": "0"}))
        of_batches = [Record(0, "train_error", None, wrong / 64, n, n / 10, n * 64, n) for n, wrong in enumerate((9, 0, 3), 1)]
        store.add_records("e", of_batches)
    for best, text, ending in ((False, "4.69 %", "a single batch."), (True, "0.00 %", "batches, not of the training set.")):
        (error,) = drawn(tmp_path, Look(best=best), panels=(Panel("train_error"),))["panels"]
        assert error["cells"][0]["text"] == text and error["notes"][-1].endswith(ending)
    assert drawn(tmp_path, panels=(Panel("test_error"),))["panels"][0]["notes"] == []
    group = Group("e", "dfa", "", ())
    assert measured_of(Panel("train_error"), "best", group, group).what == "best train error (of the batches of one record)"
    assert measured_of(Panel("test_error"), "best", group, group).what == "best test error"


def test_outliers_limit_the_axis_and_are_said(tmp_path):
    with closing(Store(tmp_path)) as store:
        store.create("e", parse({"rules": "dfa", "seeds": "0"}))
        values = [1e6, *(0.5 for _ in range(200))]
        store.add_records("e", [Record(0, "test_error", None, value, n, n, n, n) for n, value in enumerate(values)])
    error = drawn(tmp_path, Look(calm=True))["panels"][0]
    assert error["range"][1] < 60 and "1 drawn value lies outside" in error["notes"][0]
    assert drawn(tmp_path)["panels"][0]["range"] is None
