"""The proofs pass for the rules of the lab and fail for impostors, each for the right reason."""

from collections.abc import Callable

import pytest
import torch

from dfa_lab import data, feedback, proofs
from dfa_lab.proofs import Kind, Subject, Verdict
from dfa_lab.proofs.control import SoFar, beside_control
from dfa_lab.proofs.subject import plain
from dfa_lab.proofs.verdicts import Promise, promise
from dfa_lab.settings.parsing import parse
from tests.impostors import BackpropDfa, CopyingFa, IgnoringDfa, TrainingShallow, TransportingFa, WastefulDfa

NETS = {
    "mlp1": {"num_layers": 1},
    "mlp3": {"num_layers": 3, "nonlin": "relu", "batchnorm": 1, "dropout": 1},
    "conv": {"network": "conv", "shape": (2, 15, 15), "conv_channels": (3, 4), "conv_hidden": (6,), "criterion": "ce"},
}
RULES = ("bp", "fa", "dfa", "shallow")
JUDGED = [rule for rule in feedback.RULES if promise(rule) is not Promise.UNKNOWN]
PASSES, FAILS, NOT_APPLICABLE = Verdict.PASSES, Verdict.FAILS, Verdict.NOT_APPLICABLE


@pytest.fixture
def make_subject(make_run) -> Callable[..., Subject]:
    def make(rule: str, **settings: object) -> Subject:
        run, x, t = make_run(rule, **settings)
        return Subject(rule, run, x, t)

    return make


def verdicts(subject: Subject) -> tuple[Verdict, Verdict, Verdict]:
    return (
        proofs.transport(subject).finding.verdict,
        proofs.matrices(subject).finding.verdict,
        proofs.products(subject).finding.verdict,
    )


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("rule", JUDGED)
def test_the_rules_of_the_lab_pass_and_are_left_as_they_were(make_subject, net, rule):
    subject = make_subject(rule, **NETS[net])
    before = [tensor.clone() for tensor in (*subject.network.state_dict().values(), *subject.rule.buffers())]
    assert verdicts(subject) == (
        PASSES,
        PASSES if promise(rule) in (Promise.LAYERWISE, Promise.DIRECT) else NOT_APPLICABLE,
        PASSES,
    )
    after = (*subject.network.state_dict().values(), *subject.rule.buffers())
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_all_rules_of_the_lab_are_judged():
    assert set(RULES) <= set(JUDGED)


def test_which_gradients_follow_which_weights(make_subject):
    found = {rule: proofs.transport(make_subject(rule, num_layers=3)) for rule in RULES}
    cells = {(2, 1), (3, 1), (3, 2), (4, 1), (4, 2), (4, 3)}
    assert all(one.backward.keys() == one.forward.keys() == cells for one in found.values())
    assert all(value and value > 0.1 for value in found["bp"].backward.values())
    assert set(found["fa"].backward.values()) == {0.0}
    assert {cell for cell, value in found["fa"].forward.items() if value} == {(2, 1), (3, 1), (3, 2)}  # by f'(a) alone
    assert set(found["dfa"].backward.values()) == set(found["dfa"].forward.values()) == {0.0}
    assert set(found["shallow"].backward.values()) == {None}


def test_which_gradients_follow_which_matrices(make_subject):
    fa, dfa = (proofs.matrices(make_subject(rule, num_layers=3)) for rule in ("fa", "dfa"))
    for (k, l), sign in fa.signs.items():
        assert sign == (-1 if l <= k else 1)
    for (k, l), sign in dfa.signs.items():
        assert sign == (-1 if l == k else 1)
    for one in (fa, dfa):
        assert one.set_to_bp is not None and one.set_to_bp < 1e-12
        assert one.own_to_bp is not None and one.own_to_bp > 0.1
        assert one.redrawn is not None and one.redrawn > 0.1


@pytest.mark.parametrize("layers", [1, 4])
def test_counts_of_an_mlp_are_the_closed_form(make_subject, layers):
    """Inputs 12, units 9, classes 5; hidden layers L: L products of signals and L + 1 of weight gradients."""
    L, n, m, C = layers, 12, 9, 5
    gradients = n * m + (L - 1) * m * m + C * m
    signals = (L - 1) * m * m + C * m
    wanted = {
        "bp": ((L, signals), (0, 0), (L + 1, gradients)),
        "fa": ((0, 0), (L, signals), (L + 1, gradients)),
        "dfa": ((0, 0), (L, L * C * m), (L + 1, gradients)),
        "shallow": ((0, 0), (0, 0), (1, C * m)),
    }
    for rule, (W, B, dW) in wanted.items():
        counts = proofs.products(make_subject(rule, num_layers=L)).counts
        found = tuple(
            (counts[kind].number, counts[kind].multiplications) for kind in (Kind.WEIGHTS, Kind.FEEDBACK, Kind.GRADIENTS)
        )
        assert found == (W, B, dW)


def test_counts_of_a_conv_network_tell_kernels_from_feedback(make_subject):
    """5×5 kernels on 15×15 maps of 2 channels to 3, on 7×7 to 4; then 4·3·3 to 6 units, and 5 classes."""
    first, second, dense, readout = 3 * 15 * 15 * 50, 4 * 7 * 7 * 75, 36 * 6, 5 * 6
    bp, fa, dfa = (proofs.products(make_subject(rule, **NETS["conv"])).counts for rule in ("bp", "fa", "dfa"))
    assert (bp[Kind.WEIGHTS].number, bp[Kind.WEIGHTS].multiplications) == (3, second + dense + readout)
    assert bp[Kind.GRADIENTS].multiplications == first + second + dense + readout
    assert fa[Kind.FEEDBACK] == bp[Kind.WEIGHTS] and fa[Kind.WEIGHTS].number == 0
    assert (dfa[Kind.FEEDBACK].number, dfa[Kind.FEEDBACK].multiplications) == (3, 5 * (3 * 49 + 36 + 6))


IMPOSTORS = {
    IgnoringDfa: ("dfa", (PASSES, FAILS, FAILS)),
    BackpropDfa: ("dfa", (FAILS, FAILS, FAILS)),
    WastefulDfa: ("dfa", (PASSES, PASSES, FAILS)),
    TransportingFa: ("fa", (FAILS, FAILS, FAILS)),
    CopyingFa: ("fa", (FAILS, FAILS, FAILS)),
    TrainingShallow: ("shallow", (FAILS, NOT_APPLICABLE, FAILS)),
}


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("impostor", IMPOSTORS)
def test_impostors_fail(make_subject, monkeypatch, impostor, net):
    name, wanted = IMPOSTORS[impostor]
    monkeypatch.setattr(feedback, "rule_class", lambda _: impostor)
    assert verdicts(make_subject(name, **NETS[net])) == wanted


@pytest.fixture(scope="module")
def digits() -> data.DataSet:
    return data.load(parse({}), torch.device("cpu"))


def trained(digits: data.DataSet, seconds: float = 60, **settings: object) -> proofs.Outcome:
    defaults = {"rules": "bp,fa,dfa", "num_hidden": 40, "epochs": 6, "learning_rate": 3e-3, "device": "cpu"}
    training = proofs.ShortTraining(parse({**defaults, **settings}), seconds, digits)
    list(training)
    return training.outcome()


def test_a_short_training_shows_who_learns(digits):
    outcome = trained(digits)
    assert outcome.step == 6 * 23
    assert list(outcome.control) == ["bp", "fa", "dfa", "shallow"]
    assert {one.finding.verdict for one in outcome.control.values()} == {PASSES}
    assert outcome.control["shallow"].moved == 0
    assert all(outcome.control[rule].moved > 0.01 for rule in ("bp", "fa", "dfa"))
    found = {rule: one.finding.verdict for rule, one in outcome.aligned.items()}
    assert found == {"bp": PASSES, "fa": PASSES, "dfa": PASSES, "shallow": NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("impostor", "name", "control", "angle"),
    [
        (BackpropDfa, "dfa", PASSES, FAILS),
        (TransportingFa, "fa", PASSES, FAILS),
        (TrainingShallow, "shallow", FAILS, NOT_APPLICABLE),
    ],
)
def test_impostors_in_a_short_training(digits, monkeypatch, impostor, name, control, angle):
    own = feedback.rule_class
    monkeypatch.setattr(feedback, "rule_class", lambda rule: impostor if rule == name else own(rule))
    outcome = trained(digits, rules=name, epochs=3)
    assert (outcome.control[name].finding.verdict, outcome.aligned[name].finding.verdict) == (control, angle)


def test_a_training_may_be_left_at_any_time(digits):
    training = proofs.ShortTraining(parse({"num_hidden": 8, "device": "cpu"}), 60, digits)
    assert next(progress for progress in training if progress.step == 2).left > 0
    outcome = training.outcome()
    assert outcome.step == 2
    assert {one.finding.verdict for one in outcome.control.values()} <= {PASSES, Verdict.UNDECIDED}


def test_a_training_that_diverges_says_so(digits):
    outcome = trained(digits, optimizer="sgd", learning_rate=100, nonlin="relu", num_layers=4)
    assert any("diverged" in note for note in outcome.notes)


@pytest.mark.parametrize(
    ("wins", "losses", "finished", "wanted"),
    [(20, 5, False, PASSES), (5, 5, True, Verdict.UNDECIDED), (5, 20, True, FAILS), (5, 20, False, Verdict.UNDECIDED)],
)
def test_only_what_is_more_than_luck_counts(wins, losses, finished, wanted):
    """25 samples of which one is right: 20 to 5 is three standard deviations."""
    right = torch.tensor([True] * wins + [False] * losses + [True] * 50)
    control = torch.tensor([False] * wins + [True] * losses + [True] * 50)
    found = beside_control("dfa", Promise.DIRECT, right, control, 0.5, SoFar(10, finished, False))
    assert (found.wins, found.losses, found.finding.verdict) == (wins, losses, wanted)
    frozen = beside_control("dfa", Promise.DIRECT, right, control, 0.0, SoFar(10, finished, False))
    assert frozen.finding.verdict is FAILS


def test_settings_from_which_nothing_could_be_seen_are_left_aside(digits):
    assert plain(parse({"init": "orthogonal"})).init == "orthogonal" and plain(parse({"init": "paper"})).init == "ordinary"
    experiment = parse({"init": "paper", "num_layers": 7, "num_hidden": 10, "device": "cpu"})
    found = {rule: proofs.examine(experiment, rule, digits) for rule in experiment.rules}
    assert not proofs.failed(proofs.sections(found, None))
    for one in found.values():
        assert [note.split()[0] for note in one.notes] == ["At", "Of"]
        assert {k for k, _ in one.transport.backward} == {3, 5, 6, 8}
