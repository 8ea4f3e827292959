"""Rules describe themselves: what is said or done about one elsewhere is asked of its class, and of none by its name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from dfa_lab import data, feedback
from dfa_lab.export.script import script, unknown
from dfa_lab.feedback import RULES, Promise, rule_class
from dfa_lab.feedback.changing import WORDS, Change, change
from dfa_lab.feedback.rules.dfa import Dfa
from dfa_lab.proofs import Verdict, transport
from dfa_lab.proofs.subject import Subject
from dfa_lab.proofs.verdicts import promise
from dfa_lab.settings.experiment import Experiment, SettingsError, extra
from dfa_lab.settings.parsing import parse
from dfa_lab.train.preflight import check

ROOT = Path(__file__).parents[2]
OWN = ROOT / "dfa_lab" / "feedback" / "rules"
# A name as a value is data, where a person chose these rules: nothing in these files asks whether a rule is one of them.
DATA = {
    "dfa_lab/settings/rule_settings.py": "the default of the setting `rules`",
    "dfa_lab/runs/demo.py": "what the demonstration trains",
    "dfa_lab/paper/tables.py": "the columns of the paper's tables",
}


def named(file: Path) -> Iterator[str]:
    """What in a file's code names a rule: a text that is nothing but names, or an import of a rule's own file.

    Prose that mentions one, a docstring or a help text say, is none.
    """
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = re.split(r"[\s,+]+", node.value.strip())
            if words and set(words) <= set(RULES):
                yield node.value
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dfa_lab.feedback.rules"):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("dfa_lab.feedback.rules"))


def files() -> list[Path]:
    """The code that is no rule's own."""
    found = [file for folder in ("dfa_lab", "app", "pages") for file in (ROOT / folder).rglob("*.py")]
    return [file for file in found if file.parent != OWN]


def test_nothing_elsewhere_asks_for_a_rule_by_its_name():
    found = {str(file.relative_to(ROOT)): list(named(file)) for file in files()}
    assert {name: names for name, names in found.items() if names and name not in DATA} == {}
    assert all(found[name] for name in DATA), "what is no longer there need not be allowed"


def test_no_script_of_the_page_asks_for_a_rule_by_its_name():
    name = re.compile(rf"""(["'`])({"|".join(RULES)})\1""")
    texts = {file: file.read_text(encoding="utf-8") for file in (ROOT / "app").rglob("*.js")}
    assert len(texts) > 10
    assert {str(file) for file, text in texts.items() if name.search(text)} == set()


@pytest.mark.parametrize(
    "code",
    [
        'if rule == "dfa": pass',
        'kinds = {"bp": 1}',
        'parse({"rules": "bp, fa"})',
        "from dfa_lab.feedback.rules.fa import Fa",
        "from dfa_lab.feedback.rules import fa",
        "import dfa_lab.feedback.rules.fa",
    ],
)
def test_what_asks_by_name_is_found(tmp_path: Path, code: str):
    (tmp_path / "asks.py").write_text(code)
    assert list(named(tmp_path / "asks.py"))


@pytest.mark.parametrize("code", ['"""dfa is good."""', "dfa = 1", 'x = "the error of dfa"', "", 'x = ""'])
def test_prose_is_no_question(tmp_path: Path, code: str):
    (tmp_path / "prose.py").write_text(code)
    assert not list(named(tmp_path / "prose.py"))


def test_what_the_rules_of_the_lab_promise():
    promises = {"bp": Promise.WEIGHTS, "fa": Promise.LAYERWISE, "dfa": Promise.DIRECT, "shallow": Promise.NOTHING}
    assert {name: promise(name) for name in promises} == promises
    assert feedback.control() == "shallow" and [name for name in RULES if rule_class(name).control] == ["shallow"]
    assert all(rule_class(name).script and set(rule_class(name).changes) == set(WORDS) for name in promises)


@pytest.mark.parametrize("name", RULES)
def test_what_a_rule_says_can_be_so(name: str):
    rule = rule_class(name)
    assert set(rule.criteria) <= set(extra(Experiment.model_fields["criterion"])["choices"]) and set(rule.changes) <= set(WORDS)
    assert rule.path == {
        Promise.WEIGHTS: "chain",
        Promise.LAYERWISE: "chain",
        Promise.DIRECT: "direct",
        Promise.NOTHING: "none",
        Promise.UNKNOWN: rule.path,
    }.get(rule.promise)


class Denying(Dfa):
    """Sends nothing anywhere but where it should, and says that it promised that."""

    promise = Promise.NOTHING

    def signals(self, hs: list[torch.Tensor], logits, e) -> list[torch.Tensor | None]:
        return [torch.zeros_like(h) for h in hs]


def test_an_impostor_is_held_to_the_name_that_it_bears(make_run, monkeypatch):
    monkeypatch.setattr(feedback, "rule_class", lambda _: Denying)
    run, x, t = make_run("dfa", num_layers=2)
    assert isinstance(run.rule, Denying)
    found = transport(Subject("dfa", run, x, t)).finding
    assert found.verdict is Verdict.FAILS and "no signal arrives" in found.reason


def test_a_rule_without_a_promise_is_not_judged(make_run, monkeypatch):
    monkeypatch.setattr(Dfa, "promise", Promise.UNKNOWN)
    run, x, t = make_run("dfa", num_layers=2)
    assert transport(Subject("dfa", run, x, t)).finding.verdict is Verdict.NOT_APPLICABLE


def test_a_rule_is_refused_a_criterion_that_it_does_not_fit(monkeypatch):
    monkeypatch.setattr(Dfa, "criteria", ("ce",))
    check(parse({"criterion": "ce"}))
    check(parse({"criterion": "bce", "rules": "bp,fa"}))
    with pytest.raises(SettingsError, match=r"criterion \(--criterion\) is 'bce': give ce, which the rule dfa is made for"):
        check(parse({"criterion": "bce"}))


def test_a_rule_that_says_nothing_of_the_script_has_none(monkeypatch):
    """Nor has one that inherits what another says: it may do something else."""
    monkeypatch.setattr("dfa_lab.export.script.rule_class", lambda _: Denying)
    assert Denying.script is not None
    assert "rules (--gradient)" in unknown(parse({"rules": "bp"}))
    with pytest.raises(ValueError, match="rules"):
        script(parse({"rules": "bp"}))


def test_feedback_is_changed_only_as_the_rule_lets_it(make_run, monkeypatch):
    run, _, _ = make_run("dfa", num_layers=2)
    before = run.rule.B1.clone()
    monkeypatch.setattr(Dfa, "changes", ("break",))
    assert not change(run.rule, run.network, Change("flip", 1), torch.clone)
    assert not change(run.rule, run.network, Change("flip", 1, unit=2), torch.clone)
    assert torch.equal(run.rule.B1, before)
    assert change(run.rule, run.network, Change("break", 1), torch.clone) and not run.rule.B1.any()


def test_the_control_is_set_beside_every_rule():
    from dfa_lab.proofs import ShortTraining

    experiment = parse({"rules": "dfa", "num_hidden": 8, "device": "cpu"})
    training = ShortTraining(experiment, 1, data.load(experiment, torch.device("cpu")))
    assert training.experiment.rules == ("dfa", feedback.control())
