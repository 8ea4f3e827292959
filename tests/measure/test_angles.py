"""Angles against closed forms."""

import pytest
import torch

from dfa_lab.measure.angles import angle, joint_angle
from dfa_lab.train.autograd.probe import alignment


@pytest.mark.parametrize("degrees", [0.0, 1e-7, 1e-3, 30.0, 90.0, 150.0, 179.9999, 180.0])
def test_known_angles_keep_their_digits(degrees):
    radians = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    u = torch.tensor([3.0, 0.0], dtype=torch.float64)
    v = 1e-3 * torch.stack([torch.cos(radians), torch.sin(radians)])
    assert float(angle(u, v)) == pytest.approx(degrees, rel=1e-6, abs=1e-12)


def test_no_angle_to_a_zero_vector():
    assert angle(torch.zeros(3), torch.ones(3)).isnan()
    assert angle(torch.ones(3), torch.zeros(3)).isnan()


@pytest.mark.parametrize("same", [False, True])
def test_the_angle_of_joined_vectors_from_their_parts(same):
    stream = torch.Generator().manual_seed(2)
    us = [torch.randn(n, generator=stream, dtype=torch.float64) * scale for n, scale in ((5, 1.0), (300, 1e-6), (7, 20.0))]
    vs = list(us) if same else [torch.randn(len(u), generator=stream, dtype=torch.float64) for u in us]
    us.append(torch.zeros(4, dtype=torch.float64))  # a part without an angle
    vs = [*vs, torch.ones(4, dtype=torch.float64) * (not same)]
    lengths = torch.stack([torch.stack([part.norm() for part in parts]) for parts in (us, vs)])
    angles = torch.stack([angle(u, v) for u, v in zip(us, vs, strict=True)])
    wanted = float(angle(torch.cat(us), torch.cat(vs)))
    assert float(joint_angle(lengths, lengths.norm(dim=-1), angles)) == pytest.approx(wanted, abs=1e-9)
    lengths[0] = 0
    assert joint_angle(lengths, lengths.norm(dim=-1), angles).isnan()


def test_bp_has_no_angle_to_itself(make_run):
    run, x, t = make_run("bp", num_layers=3)
    found = alignment(run.rule, run.network, "bce", x, t)
    assert [mean for mean, _ in found.signal.values()] == pytest.approx([0, 0, 0], abs=1e-6)
    assert list(found.gradient) == [1, 2, 3, 4, None]
    assert list(found.gradient.values()) == pytest.approx([0] * 5, abs=1e-6)


def test_dfa_signal_angle_by_hand(make_run):
    """δ̂_1 = e·B_1 against δ_1 = ((e·W_3) ⊙ f'(a_2))·W_2, sample by sample."""
    run, x, t = make_run("dfa", num_layers=2)
    (_, first), (_, second), (_, readout) = run.network.layers()
    with torch.no_grad():
        h1 = torch.tanh(first(x))
        h2 = torch.tanh(second(h1))
        e = torch.sigmoid(readout(h2)) - torch.nn.functional.one_hot(t, 5)
        true = ((e @ readout.weight) * (1 - h2**2)) @ second.weight
        cosine = torch.nn.functional.cosine_similarity(e @ run.rule.B1, true)
        by_hand = torch.rad2deg(torch.arccos(cosine))
    mean, spread = alignment(run.rule, run.network, "bce", x, t).signal[1]
    assert mean == pytest.approx(float(by_hand.mean()))
    assert spread == pytest.approx(float(by_hand.std(correction=0)))


def test_the_readout_always_has_the_true_gradient(make_run):
    for rule in ("fa", "dfa", "shallow"):
        run, x, t = make_run(rule, num_layers=2)
        found = alignment(run.rule, run.network, "bce", x, t).gradient
        assert found[3] == pytest.approx(0, abs=1e-6)
        if rule == "shallow":
            assert found[1] is None and found[2] is None
        else:
            assert (found[1] or 0) > 1 and (found[None] or 0) > 1


def test_zero_weights_have_no_angle_rather_than_0_or_90(make_run):
    run, x, t = make_run("dfa", init="paper", num_layers=2)
    found = alignment(run.rule, run.network, "bce", x, t)
    assert found.signal == {1: (None, None), 2: (None, None)}  # W is zero, so the true gradient is
    assert found.gradient == {1: None, 2: None, 3: None, None: None}  # h = 0, so the readout's is zero too


def test_measuring_leaves_gradients_and_weights_alone(make_run):
    run, x, t = make_run("fa", num_layers=2)
    run.step(x, t)
    before = [(p.detach().clone(), p.grad.clone()) for p in run.network.parameters()]
    alignment(run.rule, run.network, "bce", x, t)
    for p, (value, grad) in zip(run.network.parameters(), before, strict=True):
        assert torch.equal(p, value) and torch.equal(p.grad, grad)
