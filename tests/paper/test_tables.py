"""The paper's tables: the figures as published, and settings that train."""

import pytest

from dfa_lab.paper.tables import EPOCHS, MARKS, RULES, TABLES, Row, find
from dfa_lab.settings.experiment import Experiment

ROWS = [row for table in TABLES for row in table.rows]


def row(table: int, label: str) -> Row:
    (found,) = (row for row in ROWS if (row.table, row.label) == (table, label))
    return found


RETYPED = [  # from the text of the tables, a second time
    (1, "7×240 Tanh", "bp", 2.16, 0.13, None),
    (1, "100×240 Tanh", "dfa", 3.92, 0.09, 0.12),
    (1, "2×800 Tanh", "dfa", 1.74, 0.08, None),
    (1, "2×800 Logistic", "fa", 1.82, 0.10, None),
    (1, "2×800 ReLU", "bp", 1.48, 0.06, None),
    (1, "2×800 Tanh + DO", "dfa", 1.45, 0.07, 0.24),
    (1, "2×800 Tanh + ADV", "dfa", 1.02, 0.05, 0.12),
    (2, "3×1000 Tanh", "fa", 47.0, 2.2, 0.3),
    (2, "CONV Tanh", "dfa", 26.9, 0.5, 0.2),
    (3, "3×1000 Tanh + DO", "fa", 75.3, 0.2, 77.2),
    (3, "CONV Tanh", "bp", 51.7, 0.2, None),
]


@pytest.mark.parametrize(("table", "label", "rule", "error", "std", "train"), RETYPED)
def test_the_figures_are_those_of_the_paper(table, label, rule, error, std, train):
    cell = row(table, label).published[rule]
    assert (cell.error, cell.std, cell.train) == (error, std, train)


def test_every_cell_but_two_is_there():
    assert [len(table.rows) for table in TABLES] == [10, 4, 4]
    assert sum(len(row.published) for row in ROWS) == 3 * len(ROWS) - 2
    assert list(row(1, "100×240 Tanh").published) == ["dfa"]


def test_with_one_hidden_layer_fa_is_dfa():
    alike = [row for row in ROWS if row.label.startswith("1×")]
    assert len(alike) == 3
    for one in alike:
        assert one.published["fa"] == one.published["dfa"]


def test_only_two_figures_have_support():
    marks = {(row.label, rule): cell.mark for row in ROWS for rule, cell in row.published.items() if cell.mark != "recalled"}
    assert marks == {("2×800 Tanh + DO", "dfa"): "text", ("2×800 Tanh + ADV", "dfa"): "log"}
    assert set(MARKS) == {"text", "log", "recalled"}


@pytest.mark.parametrize("one", ROWS, ids=lambda one: f"{one.table}-{one.label}")
def test_settings_are_those_of_the_label_and_the_recipe(one: Row):
    titles = set()
    for rule in one.published:
        experiment = one.experiment(rule, 3, 10, device="cpu")
        assert (experiment.rules, experiment.seeds, experiment.epochs) == ((rule,), (0, 1, 2), 10)
        assert one.experiment(rule).epochs == EPOCHS == 300
        assert (experiment.optimizer, experiment.batch_size) == ("rmsprop", 64)
        assert (experiment.init, experiment.criterion, experiment.bias) == ("paper", "bce", True)
        assert experiment.dropout == ("DO" in one.label) and experiment.eps == (0.08 if "ADV" in one.label else 0)
        assert experiment.nonlin == {"Tanh": "tanh", "Logistic": "sigmoid", "ReLU": "relu"}[one.label.split()[1]]
        assert experiment.dataset == {1: "mnist", 2: "cifar10", 3: "cifar100"}[one.table]
        assert experiment.learning_rate == {1: 1e-4, 2: 5e-5, 3: 2.5e-5}[one.table]
        assert experiment.whiten == (one.table > 1)
        if one.label.startswith("CONV"):
            assert (experiment.network, experiment.conv_channels) == ("conv", (96, 128, 256))
        else:
            assert (experiment.network, f"{experiment.num_layers}×{experiment.num_hidden}") == ("mlp", one.label.split()[0])
        titles.add(one.title(rule))
    assert len(titles) == len(one.published)
    assert set(one.assumed) <= set(one.settings) <= set(Experiment.model_fields)
    guessed = (one.table > 1 and not one.label.startswith("CONV")) or "DO" in one.label
    assert bool(one.assumed) == guessed


def test_a_title_names_table_row_and_rule():
    assert row(1, "2×800 Tanh").title("dfa") == "paper/1/2x800 tanh/dfa"
    assert len({row.title(rule) for row in ROWS for rule in RULES}) == 3 * len(ROWS)


@pytest.mark.parametrize("text", ["2×800 Tanh", "2x800 tanh", " 2X800  TANH", "2×800tanh"])
def test_a_row_is_found_however_it_is_typed(text: str):
    assert [one.label for one in find(TABLES, text)] == ["2×800 Tanh"]
    assert [one.label for one in find(TABLES, "2x800 tanh+do")] == ["2×800 Tanh + DO"]
    assert [one.label for one in find(TABLES[1:2], "conv")] == ["CONV Tanh"]
    assert len(find(TABLES, "3x1000")) == 4 and find(TABLES, "5x5") == []
