"""What is measured beside the two gradient angles, against closed forms, autograd and numpy."""

import numpy as np
import pytest
import torch
from torch import nn

from dfa_lab import registry
from dfa_lab.measure.kinds.effective_rank import effective_rank
from dfa_lab.measure.kinds.units import dead, limits, saturated
from dfa_lab.settings.measure_settings import BEGIN, KINDS, MEASURES
from dfa_lab.train.autograd.before_step import Before
from dfa_lab.train.autograd.probe import alignment, probe

CONV = {"shape": (1, 16, 16), "network": "conv", "conv_channels": "3,4", "conv_hidden": "6"}


def degrees(u: np.ndarray, v: np.ndarray) -> float:
    u, v = u.ravel().astype(float), v.ravel().astype(float)
    return float(np.degrees(np.arccos(np.clip(u @ v / np.linalg.norm(u) / np.linalg.norm(v), -1, 1))))


def arrays(run) -> list[np.ndarray]:
    return [W.detach().numpy().copy() for _, W in run.network.weights()]


def update_angles(noted: Before | None) -> dict[int | None, float | None]:
    """By layer, of the step that was made since."""
    assert noted is not None
    return {layer: value for (metric, layer), value in noted.values().items() if metric == "update_angle"}


def feedback_angles(run) -> dict[int | None, float | None]:
    """By block."""
    nothing = torch.empty(0)
    found = probe(run.rule, run.network, "bce", nothing, nothing, ["feedback"])
    return {block: value for (_, block), value in found.items()}


def alone(h: torch.Tensor) -> torch.Tensor:
    """(1, N, …): measures take several runs."""
    return h.unsqueeze(0)


def plain_gradients(run, x, t) -> list[np.ndarray]:
    """By autograd through torch's own loss and layers, on a copy that knows no feedback."""
    parts: list[nn.Module] = []
    for _, layer in run.network.layers():
        copy = nn.Linear(layer.in_features, layer.out_features, dtype=torch.float64)
        copy.load_state_dict({"weight": layer.weight.detach(), "bias": layer.bias.detach()})
        parts += [copy, nn.Tanh()]
    plain = nn.Sequential(*parts[:-1])
    wanted = nn.functional.one_hot(t, 5).double()
    loss = nn.functional.binary_cross_entropy_with_logits(plain(x.flatten(1)), wanted, reduction="sum") / len(x)
    return [g.numpy() for g in torch.autograd.grad(loss, [m.weight for m in plain if isinstance(m, nn.Linear)])]


@pytest.mark.parametrize("rule", ["bp", "fa", "dfa"])
@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_the_update_angle_is_that_of_the_weights_moved_and_the_true_gradient_before(make_run, rule, optimizer):
    run, x, t = make_run(rule, num_layers=2, optimizer=optimizer, learning_rate=0.01)
    for _ in range(3):
        run.step(x, t)
    before, true = arrays(run), plain_gradients(run, x, t)
    noted = run.step(x, t, watched=MEASURES)
    moved = [after - W for after, W in zip(arrays(run), before, strict=True)]
    found = update_angles(noted)
    assert list(found) == [1, 2, 3, None]
    by_hand = [degrees(dW, -g) for dW, g in zip(moved, true, strict=True)]
    whole = degrees(np.concatenate([dW.ravel() for dW in moved]), -np.concatenate([g.ravel() for g in true]))
    assert list(found.values()) == pytest.approx([*by_hand, whole], abs=1e-5)
    if optimizer != "sgd":
        assert by_hand[2] > 5  # even at the readout, even with bp: the optimiser scales every weight by itself
    elif rule == "bp":
        assert list(found.values()) == pytest.approx([0] * 4, abs=1e-5)
    else:
        assert found[3] == pytest.approx(0, abs=1e-5) and (found[1] or 0) > 5


def test_what_does_not_move_has_no_update_angle_and_weight_decay_counts(make_run):
    run, x, t = make_run("shallow", num_layers=2)
    found = update_angles(run.step(x, t, watched=MEASURES))
    assert found[1] is None and found[2] is None and found[3] is not None and found[None] is not None
    run, x, t = make_run("bp", num_layers=2, optimizer="sgd", weight_decay=0.1)
    before, true = arrays(run), plain_gradients(run, x, t)
    found = update_angles(run.step(x, t, watched=MEASURES))
    assert found[1] == pytest.approx(degrees(true[0] + 0.1 * before[0], true[0]), abs=1e-5)


@pytest.mark.parametrize(
    "settings",
    [
        {"dropout": 1, "batchnorm": 1, "samples": 20},
        {"eps": 0.1, "dropout": 1, "accumulate": True},
        {"exact": True, "eps": 0.1, "accumulate": True, "max_in_norm": 1.0},
        {"exact": True, "max_out_norm": 1.0},
        CONV | {"dropout": 1, "batchnorm": 1},
    ],
)
@pytest.mark.parametrize("rule", ["fa", "dfa"])
def test_watching_a_step_changes_no_bit_of_the_training(make_run, rule, settings):
    watched, x, t = make_run(rule, **settings)
    other, _, _ = make_run(rule, **settings)
    for number in range(3):
        random = torch.get_rng_state()
        noted = watched.step(x, t, number, watched=MEASURES)
        noted.values()
        assert torch.equal(torch.get_rng_state(), random)
        watched.network.mode(training=False)
        probe(watched.rule, watched.network, "bce", x, t, MEASURES)
        other.step(x, t, number)
    kept, plain = watched.tensors(), other.tensors()
    assert kept.keys() == plain.keys() and all(torch.equal(kept[name], plain[name]) for name in kept)


def test_the_true_gradient_of_a_step_has_that_steps_dropout_masks_and_moved_inputs(make_run):
    """With bp and sgd the step is the gradient, so any other mask or input would open an angle."""
    for settings in ({"dropout": 1, "batchnorm": 1}, {"eps": 0.2}, {"eps": 0.2, "accumulate": True, "dropout": 1}):
        run, x, t = make_run("bp", optimizer="sgd", learning_rate=0.01, samples=20, **settings)
        assert list(update_angles(run.step(x, t, 4, watched=MEASURES)).values()) == pytest.approx([0] * 4, abs=1e-5)


def test_feedback_of_fa_stands_beside_the_weights_of_its_own_layer(make_run):
    run, _, _ = make_run("fa", num_layers=3)
    layers = [layer for _, layer in run.network.layers()]
    found = feedback_angles(run)
    assert list(found) == [1, 2, 3]
    for block, layer in enumerate(layers[1:], start=1):
        assert found[block] == pytest.approx(degrees(layer.feedback.numpy(), layer.weight.detach().numpy()))
    layers[1].feedback.copy_(layers[1].weight.detach() * -3)
    layers[2].feedback.zero_()
    found = feedback_angles(run)
    assert found[1] == pytest.approx(180) and found[2] is None


def test_feedback_of_dfa_stands_beside_the_product_of_all_weights_above(make_run):
    run, _, _ = make_run("dfa", num_layers=3, batchnorm=1)
    W = arrays(run)
    found = feedback_angles(run)
    wanted = {3: W[3], 2: W[3] @ W[2], 1: W[3] @ W[2] @ W[1]}
    assert found == pytest.approx({l: degrees(run.rule.get_buffer(f"B{l}").numpy(), M) for l, M in wanted.items()})


@pytest.mark.parametrize("rule", ["bp", "shallow"])
def test_no_feedback_no_angle_to_it(make_run, rule):
    run, _, _ = make_run(rule, num_layers=2)
    assert feedback_angles(run) == {}


def test_feedback_to_maps(make_run):
    """dfa: two convolutions and a dense layer; from block 2 up it is dense, below a convolution is between. fa: kernels."""
    run, _, _ = make_run("dfa", **CONV)
    found, W = feedback_angles(run), arrays(run)
    assert found[1] is None
    assert found[2] == pytest.approx(degrees(run.rule.B2.numpy(), W[3] @ W[2]))
    assert found[3] == pytest.approx(degrees(run.rule.B3.numpy(), W[3]))
    run, _, _ = make_run("fa", **CONV)
    layers = [layer for _, layer in run.network.layers()]
    wanted = {l: degrees(layers[l].feedback.numpy(), layers[l].weight.detach().numpy()) for l in (1, 2, 3)}
    assert feedback_angles(run) == pytest.approx(wanted)


def test_ratios_of_sizes(make_run):
    run, x, t = make_run("dfa", num_layers=1, optimizer="sgd")
    found = alignment(run.rule, run.network, "bce", x, t)
    W, B = arrays(run)[1], run.rule.B1.numpy()
    with torch.no_grad():
        e = (torch.sigmoid(run.network(x)) - nn.functional.one_hot(t, 5)).numpy()
    assert found.signal_ratio[1] == pytest.approx(np.linalg.norm(e @ B) / np.linalg.norm(e @ W))
    true = plain_gradients(run, x, t)
    run.network.zero_grad()
    hs, y = run.rule.hidden(run.network, x)
    run.rule.backward(hs, y, torch.tensor(e) / len(x))
    ours = [weight.grad.numpy() for _, weight in run.network.weights()]
    assert found.gradient_ratio[1] == pytest.approx(np.linalg.norm(ours[0]) / np.linalg.norm(true[0]))
    assert found.gradient_ratio[2] == pytest.approx(1)
    norms = [np.sqrt(sum(np.sum(g**2) for g in gradients)) for gradients in (ours, true)]
    assert found.gradient_ratio[None] == pytest.approx(norms[0] / norms[1])


def test_ratios_of_nothing(make_run):
    run, x, t = make_run("shallow", num_layers=2)
    found = alignment(run.rule, run.network, "bce", x, t)
    assert found.signal_ratio == {1: 0, 2: 0} and found.gradient_ratio[1] == 0 and found.gradient_ratio[3] == pytest.approx(1)
    run, x, t = make_run("dfa", num_layers=2, init="paper")
    found = alignment(run.rule, run.network, "bce", x, t)
    assert found.signal_ratio == {1: None, 2: None}  # something over nothing


def test_saturation_is_counted_near_the_ends_of_the_nonlinearity(make_run):
    h = torch.tensor([[0.96, -0.96, 0.94], [0.0, -1.0, 0.5]])
    assert float(saturated(alone(h), 0.0, 0.95)) == pytest.approx(3 / 6)
    assert float(saturated(alone((1 + h) / 2), 0.5, 0.475)) == pytest.approx(3 / 6)  # a sigmoid is a tanh of half its sum
    for nonlin, wanted in (("tanh", (0.0, 0.95)), ("sigmoid", (0.5, 0.475)), ("relu", None)):
        for settings in ({"dropout": 1, "batchnorm": 1}, CONV | {"dropout": 1}):
            run, x, t = make_run("bp", nonlin=nonlin, **settings)
            assert [limits(block) for block in run.network.blocks] == [wanted] * len(run.network.blocks)
    run.network.mode(training=False)
    assert probe(run.rule, run.network, "bce", x, t, ["units"])["saturated", 1] is None
    assert limits(nn.Sequential(nn.Tanh(), nn.Linear(2, 2))) is None  # what leaves it is no tanh
    assert limits(nn.TransformerEncoderLayer(4, 2)) is None


def test_dead_units():
    h = torch.tensor([[0.0, 1.0, 2.0, 0.7], [0.0, 1.0, 3.0, 0.7 + 1e-7]])
    assert float(dead(alone(h))) == pytest.approx(3 / 4)  # off, stuck, alive, and stuck but for rounding
    assert float(dead(alone(torch.zeros(2, 5)))) == 1
    maps = torch.zeros(2, 2, 3, 3)
    maps[0, 1, 2, 2] = 1.0
    assert float(dead(alone(maps))) == 1 / 2  # a channel is alive if one of its places is


def test_effective_rank_in_closed_form_and_by_svd():
    """k directions of equal strength are k; the entropy of (9, 1)/10 and so on; against numpy's SVD."""
    for k in (1, 3, 8):
        h = torch.cat([torch.eye(8)[:k], -torch.eye(8)[:k]]) + 5.0  # the mean does not count
        assert float(effective_rank(alone(h))) == pytest.approx(k, rel=1e-5)
    h = torch.tensor([[9.0, 0.0], [-9.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert float(effective_rank(alone(h))) == pytest.approx(np.exp(-0.9 * np.log(0.9) - 0.1 * np.log(0.1)))
    for shape in ((30, 12), (12, 30), (10, 3, 4, 4)):
        h = torch.randn(shape, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
        flat = h.flatten(1).numpy()
        sigma = np.linalg.svd(flat - flat.mean(0), compute_uv=False)
        p = sigma[sigma > 1e-9] / sigma.sum()
        assert float(effective_rank(alone(h))) == pytest.approx(np.exp(-(p * np.log(p)).sum()))
        assert float(effective_rank(alone(h.float()))) == pytest.approx(float(effective_rank(alone(h))), rel=1e-4)
    assert effective_rank(alone(torch.ones(5, 3))).isnan()


@pytest.mark.parametrize(("n", "said"), [(100, 86), (800, 124)])
def test_the_effective_rank_of_noise_is_what_the_docs_say(n: int, said: int):
    h = torch.randn(128, n, generator=torch.Generator().manual_seed(1))
    assert float(effective_rank(alone(h))) == pytest.approx(said, abs=0.5)


def test_a_group_measures_what_it_says_and_nothing_else(make_run):
    run, x, t = make_run("dfa", num_layers=2)
    run.network.mode(training=False)
    of = {group: {metric for metric, _ in probe(run.rule, run.network, "bce", x, t, [group])} for group in MEASURES}
    known = {
        "angles": {"signal_angle", "signal_angle_std", "gradient_angle", "signal_ratio", "gradient_ratio"},
        "update": set(),  # needs a step
        "feedback": {"feedback_angle"},
        "units": {"saturated", "dead"},
        "rank": {"effective_rank"},
    }
    assert {group: of[group] for group in known} == known
    own = [metrics for kind, metrics in registry.declared(KINDS, "METRICS").items() if kind not in BEGIN]
    declared = dict(zip(MEASURES, own, strict=True))
    assert of == {group: set(metrics) if group != "update" else set() for group, metrics in declared.items()}
    units = {unit for metrics in declared.values() for unit, _ in metrics.values()}
    assert units <= {"degrees", "ratio", "fraction", "directions"}, "app/live/heat.js has a scale for these alone"
    together = probe(run.rule, run.network, "bce", x, t, MEASURES)
    apart: dict = {}
    for group in MEASURES:
        apart |= probe(run.rule, run.network, "bce", x, t, [group])
    assert together == apart
