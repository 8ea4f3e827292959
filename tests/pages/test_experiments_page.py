"""The page Experiments: what is listed, found, named, removed, published and given back to the disk."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from app.experiments import free_space
from dfa_lab.records import Record
from dfa_lab.runs.rights import Visitor
from dfa_lab.runs.store.store import Store
from dfa_lab.settings.parsing import parse
from dfa_lab.settings.wording import title

PAGE = str(Path(__file__).parents[2] / "pages" / "experiments.py")
TINY = {"num_hidden": 6, "rules": "bp,dfa", "epochs": 10_000, "batch_size": 512, "device": "cpu"}


def fill(folder: Path) -> None:
    """e0 … e5, finished; e1 is a demonstration, e2 is removed, e5 repeats e4."""
    with closing(Store(folder)) as store:
        for n in range(6):
            settings = {
                "num_hidden": 50 + min(n, 4),
                "rules": "bp,dfa",
                "seeds": "0,1",
                "dataset": "xor" if n == 3 else "digits",
            }
            store.create(f"e{n}", parse(settings), demo=n == 1)
            errors = (0.01 * n, 0.5, 0.01 * n + 0.02, 0.7)  # bp and dfa of seed 0, then of seed 1
            store.add_records(
                f"e{n}", [Record(r, "test_error", None, error, 10, 1.0, 64, 0.1) for r, error in enumerate(errors)]
            )
            store.set_state(f"e{n}", "failed" if n == 0 else "finished")
        store.update("e4", name="deep one", tags=["thesis"])
        store.remove("e2")


def visit(app: AppTest) -> AppTest:
    app.run()
    app.switch_page(PAGE).run()
    assert not app.exception
    return app


def shown(app: AppTest) -> pd.DataFrame:
    assert not app.exception
    return app.data_editor[0].value


def ids(app: AppTest) -> list[str]:
    return list(shown(app).index)


def edit(app: AppTest, rows: dict[int, dict]) -> None:
    """Cells as a person changes them; the table gives all changes ever made in it."""
    app.session_state[f"runs_table_{app.session_state['runs_version']}"] = {
        "edited_rows": rows,
        "added_rows": [],
        "deleted_rows": [],
    }
    app.run()
    assert not app.exception


@pytest.fixture
def press(app: AppTest) -> Callable[[str], None]:
    def press(key: str) -> None:
        app.button(key=key).click().run()
        assert not app.exception

    return press


def test_an_empty_folder_says_what_to_do(app):
    assert "press Start in the Lab" in visit(app).info[0].value and not app.data_editor


def test_figures_and_differences_are_those_of_the_store(app, tmp_path):
    fill(tmp_path)
    table = shown(visit(app))
    assert list(table.index) == ["e5", "e4", "e3", "e0"]
    assert table.loc["e3", "bp"] == pytest.approx(4.0) and table.loc["e3", "dfa"] == pytest.approx(60.0)  # %
    assert table.loc["e3", "bp ±"] == pytest.approx(2**0.5) and table.loc["e3", "dfa ±"] == pytest.approx(200**0.5)
    assert table.loc["e0", "state"] == "✕ failed" and table.loc["e4", "name"] == "deep one"
    assert list(table.loc[:, "what":"bp"].columns) == ["what", "dataset", "num_hidden", "bp"]
    assert list(table.loc[:, "seeds":"colour"].columns) == ["seeds", "colour"]
    app.toggle(key="runs_differ").set_value(False).run()
    assert {"learning_rate", "batch_size", "num_hidden"} <= set(shown(app).columns)
    app.selectbox(key="runs_group").set_value("num_hidden").run()
    assert ids(app) == ["e0", "e3", "e5", "e4"]
    app.selectbox(key="runs_order").set_value("bp").run()
    assert ids(app) == ["e0", "e3", "e4", "e5"]  # within the groups
    app.selectbox(key="runs_group").set_value("Nothing").run()
    assert ids(app) == ["e0", "e3", "e4", "e5"]
    app.selectbox(key="runs_order").set_value("name").run()
    assert ids(app) == ["e4", "e5", "e3", "e0"]
    app.selectbox(key="runs_order").set_value("oldest first").run()
    assert ids(app) == ["e0", "e3", "e4", "e5"]
    app.selectbox(key="runs_group").set_value("num_hidden").run()
    columns = list(shown(app).columns)
    assert columns[columns.index("seeds") + 1] == "num_hidden"


def test_columns_have_the_names_of_the_form_and_show_names_to_the_end(app, tmp_path):
    fill(tmp_path)
    long = "The angle turns, as in the third lesson of the course: "
    with closing(Store(tmp_path)) as store:
        for id, end in (("e3", "first half"), ("e4", "second half")):
            store.update(id, name=long + end)
    visit(app)
    columns = json.loads(app.data_editor[0].proto.columns)
    labels = {name: columns[name]["label"] for name in ("num_hidden", "dataset")}
    assert labels == {"num_hidden": "Units per layer", "dataset": "Data set"}
    assert columns["name"]["width"] > 6 * len(f"{long}second")  # pixels; where two names differ is seen


def test_what_has_no_effect_is_neither_a_column_nor_a_choice(app, tmp_path):
    with closing(Store(tmp_path)) as store:
        for n, settings in enumerate(({"num_hidden": 20}, {"num_hidden": 30, "optimizer": "sgd", "momentum": 0.5})):
            store.create(f"e{n}", parse(settings))
            store.set_state(f"e{n}", "finished")
    table = shown(visit(app))
    assert table.loc["e0", "momentum"] == "" and table.loc["e1", "momentum"] == "0.5"
    assert app.selectbox(key="runs_group").options == ["Nothing", *map(title, ("num_hidden", "optimizer", "momentum"))]
    app.toggle(key="runs_differ").set_value(False).run()
    columns = shown(app).columns
    assert "learning_rate" in columns and not {"classes", "conv_channels", "feedback_rank", "svhn_extra"} & set(columns)
    assert not {one.label for one in app.multiselect} & {"State", "Data set"}  # both rows are alike in them


def test_figures_that_are_older_than_their_experiment_say_so(app, tmp_path):
    fill(tmp_path)
    assert "as of" not in shown(visit(app)).columns
    with closing(Store(tmp_path)) as store:
        store.add_records("e3", [Record(1, "train_loss", None, 0.5, 25, 1.0, 64, 0.1)])  # tested after step 10
        store.add_records("e4", [Record(1, "train_loss", None, 0.5, 25, 1.0, 64, 0.1)])
        store.add_records("e4", [Record(r, "test_error", None, 0.9, 25, 1.0, 64, 0.1) for r in (1, 3)])  # dfa
        store.add_records("e5", [Record(2, "test_error", None, 0.9, 25, 1.0, 64, 0.1)])
    app.session_state["runs_paper"] = True
    app.run()
    when = {"e5": "bp steps 10 to 25, dfa step 10", "e4": "bp step 10", "e3": "step 10", "e0": ""}
    assert shown(app)["as of"].to_dict() == when
    (said,) = [one.value.replace("\\", "") for one in app.caption if one.value.startswith("Older")]
    assert "bp of deep one (step 10)" in said and "dfa of deep one" not in said
    app.segmented_control(key="runs_value").set_value("best").run()
    assert shown(app).loc["e4", "as of"] == "step 10"
    app.selectbox(key="runs_metric").set_value("train_loss").run()
    assert any("the best is that of the easiest batches, not of the training set" in one.value for one in app.caption)
    (box,) = [one.value for one in app.caption if one.value.startswith("Best train loss of")]
    assert "perhaps of a single batch; the best is that of the easiest batches" in box


def test_search_and_filters_find_and_survive_another_page(app, tmp_path):
    fill(tmp_path)
    visit(app)
    for text, found in (
        ("digits DEEP", ["e4"]),
        ("thesis", ["e4"]),
        ("e3", ["e3"]),
        ("4×", []),
        ("", ["e5", "e4", "e3", "e0"]),
    ):
        app.text_input(key="runs_text").set_value(text).run()
        assert not app.exception
        assert (ids(app) if app.data_editor else []) == found, text
    app.toggle(key="runs_latest").set_value(True).run()
    assert ids(app) == ["e5", "e3", "e0"]
    app.multiselect(key="runs_data_set").set_value(["digits"]).run()
    app.multiselect(key="runs_state").set_value(["failed"]).run()
    assert ids(app) == ["e0"]
    app.switch_page(str(Path(PAGE).with_name("rules.py"))).run()
    assert ids(visit(app)) == ["e0"]
    next(button for button in app.button if button.label == "Show all").click().run()
    assert ids(app) == ["e5", "e4", "e3", "e0"]


def test_what_is_written_into_the_table_is_kept(app, tmp_path):
    from app.shell.server import manager

    fill(tmp_path)
    visit(app)
    edit(app, {0: {"name": "new", "tags": ["a", "b"], "colour": "#0072B2"}, 1: {"name": None}})
    first, second = manager().store.get("e5"), manager().store.get("e4")
    assert first and (first.name, first.tags, first.colour) == ("new", ("a", "b"), "#0072B2")
    assert second and second.name == ""
    manager().store.update("e5", name="by another visitor")
    edit(app, {0: {"name": "new", "tags": ["a", "b"], "colour": "#0072B2", "note": "later"}, 1: {"name": None}})
    again = manager().store.get("e5")
    assert again and (again.name, again.note) == ("by another visitor", "later")  # only what is new is written


def test_what_was_removed_comes_back(app, tmp_path, press):
    from app.shell.server import manager

    fill(tmp_path)
    visit(app)
    edit(app, {0: {"chosen": True}, 2: {"chosen": True}})
    press("runs_remove")
    assert ids(app) == ["e4", "e0"]
    press("runs_undo")
    assert ids(app) == ["e5", "e4", "e3", "e0"] and True not in shown(app)["chosen"].tolist()
    assert manager().store.count("e5") == 4


def test_what_runs_is_stopped_and_removed_and_what_others_run_is_not(app, tmp_path, press):
    from app.shell.server import manager

    with closing(Store(tmp_path)) as other:  # of a server that is alive
        other.create("elsewhere", parse({}))
        assert other.flush()
        mine, quiet = manager().start(parse(TINY)), manager().start(parse(TINY), paused=True)
        visit(app)
        assert ids(app) == [quiet, mine, "elsewhere"]
        edit(app, {1: {"chosen": True}, 2: {"chosen": True}})
        press("runs_stop")
        status = manager().status(mine)
        assert status and status.state == "stopped"
        assert not [button for button in app.button if button.key == "runs_stop"]
        press("runs_remove")
        assert ids(app) == [quiet, "elsewhere"] and "1 not removed" in app.warning[0].value
        assert other.flush()
        theirs = manager().store.get("elsewhere")
        assert theirs and theirs.state == "queued" and theirs.removed is None


def test_the_only_one_found_opens_in_the_lab(app, tmp_path, press):
    fill(tmp_path)
    visit(app)
    assert app.button(key="runs_open_chosen").disabled
    app.text_input(key="runs_text").set_value("deep").run()
    press("runs_open_chosen")
    assert app.session_state["watched"] == "e4"


def test_the_table_for_a_paper_is_of_the_ticked_ones(app, tmp_path):
    fill(tmp_path)
    visit(app)
    app.session_state["runs_paper"] = True
    edit(app, {1: {"shown": True}, 2: {"shown": True}})
    (paper,) = [table.value for table in app.dataframe if table.editing_mode == "read_only"]
    assert list(paper.columns) == ["experiment", "Data set", "Units per layer", "bp (%)", "dfa (%)"]
    assert paper.iloc[0].tolist()[:2] == ["deep one", "digits"] and paper["bp (%)"].tolist() == ["5.00 ± 1.41", "4.00 ± 1.41"]
    assert r"5.00 $\pm$ 1.41" in app.code[0].value and r"\toprule" in app.code[0].value
    app.segmented_control(key="runs_format").set_value("CSV").run()
    assert "deep one,digits,54,bp,test_error,0.05,0.0141" in app.code[0].value


def test_space_is_given_back(app, tmp_path, press):
    from app.shell.server import manager

    fill(tmp_path)
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    for name in ("e0", "e2", "e4"):
        (folder / f"{name}.safetensors").write_bytes(bytes(200_000))
    visit(app)
    app.session_state["runs_view"] = "Free space"
    app.run()
    assert not app.exception and not app.data_editor
    said = " ".join(one.value for one in app.markdown)
    assert "Removed experiments (1)" in said and "finished and failed experiments (3)" in said
    press("space_purge")
    assert manager().store.get("e2") is None and not (folder / "e2.safetensors").exists()
    assert manager().store.get("e4") is not None and (folder / "e4.safetensors").exists()
    assert "given back" in app.info[0].value
    press("space_done")
    assert app.info[0].value == "400.0 kB given back." and list(folder.iterdir()) == []
    assert manager().store.count("e4") == 4


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (2.5e9, "2.5 GB"), (7e15, "7000.0 TB")]
)
def test_sizes_in_words(count, text):
    assert free_space.size(int(count)) == text


def test_a_visitor_of_a_shared_server_gives_back_what_is_their_own(app, tmp_path, press, monkeypatch):
    """Of e0 … e3 the first and the last are Ann's, and e2 and e3 are removed."""
    monkeypatch.setenv("DFA_LAB_SHARED", "1")
    monkeypatch.setattr("app.shell.server.visitor", lambda: Visitor("ann"))
    with closing(Store(tmp_path)) as store:
        for n, owner in enumerate(["ann", "bob", "bob", "ann"]):
            store.create(f"e{n}", parse(TINY), owner=owner)
            store.set_state(f"e{n}", "finished")
        store.remove("e2")
        store.remove("e3")
    app.session_state["runs_view"] = "Free space"
    visit(app)
    assert [one.label for one in app.metric] == ["Your experiments take", "Their snapshots"]
    assert app.metric[0].value.endswith(" of 2.0 GB")
    assert "Removed experiments (1)" in [one.value.strip("*") for one in app.markdown]
    press("space_purge")
    assert "are free for what comes next" in app.info[0].value.replace("\\", "")
    with closing(Store(tmp_path)) as store:
        assert {one.id for one in store.experiments(demos=False)} == {"e0", "e1"}
        assert [one.id for one in store.experiments(removed=True)] == ["e2"]
