"""Measures say the same of vectors that are longer or shorter: to the ends of the format, subnormal numbers among them."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from dfa_lab.inspect.error_path import error_path
from dfa_lab.inspect.feedback_picture import Pair, picture
from dfa_lab.measure import lengths, separation
from dfa_lab.measure.angles import angle, degrees
from dfa_lab.measure.kinds import alignment
from dfa_lab.proofs.subject import change
from dfa_lab.settings.parsing import parse
from dfa_lab.train.autograd.probe import probe
from dfa_lab.train.run import Run
from dfa_lab.train.stacked.fleet import Fleet
from dfa_lab.train.stacked.probe_fleet import probe_fleet

U = torch.tensor([1.0, 2.0, 3.0])
SCALES = {
    torch.float32: (1e-43, 1e-40, 1e-30, 1e-24, 1e-12, 1.0, 1e12, 1e25, 1e38),
    torch.float64: (1e-320, 1e-200, 1.0, 1e200, 1e307),
}


def exactly(u: Tensor, v: Tensor) -> float:
    """The angle by Python's own numbers, each vector over its largest entry first."""
    (a, b) = ([float(x) / max(abs(float(y)) for y in w) for x in w] for w in (u, v))
    product = math.fsum(x * y for x, y in zip(a, b, strict=True))
    return math.degrees(math.acos(max(-1, min(1, product / math.hypot(*a) / math.hypot(*b)))))


@pytest.mark.parametrize(("factor", "wanted"), [(1e-24, 0), (-1e-24, 180), (1e25, 0), (1e-41, 0), (-1e38, 180)])
def test_a_vector_and_itself_however_short(factor: float, wanted: float) -> None:
    for u, v in ((U, U * factor), (U * factor, U), (U * factor, U * factor * 0.5)):
        assert float(angle(u, v)) == pytest.approx(wanted if v is not u and (u is U or v is U) else 0, abs=0.01)


@pytest.mark.parametrize("dtype", SCALES)
def test_angles_and_lengths_of_every_scale(dtype: torch.dtype) -> None:
    stream = torch.Generator().manual_seed(4)
    u, v = torch.rand(2, 40, generator=stream, dtype=dtype) - 0.3
    for a in SCALES[dtype]:
        for b in SCALES[dtype]:
            short, other = u * a, v * b  # 1e-43 rounds entries to a few steps: the angle of what is there is asked for
            assert float(angle(short, other)) == pytest.approx(exactly(short, other), abs=0.01)
        assert float(lengths.length(u * a)) == pytest.approx(math.hypot(*(u * a).tolist()), rel=1e-6)
        assert lengths.rms(u * a) == pytest.approx(math.hypot(*((u * a) / 8).tolist()) * 8 / 40**0.5, rel=1e-6)


def test_each_vector_of_a_batch_is_taken_by_itself() -> None:
    """Some too short, some too long, some zero, some not finite, among others: no other one changes by a digit."""
    stream = torch.Generator().manual_seed(4)
    u, v = torch.randn(2, 3, 5, 40, generator=stream)
    kept = angle(u, v)
    u[0, 1] *= 1e-30
    v[1, 2] *= 1e30
    u[2, 0] = 0
    v[2, 3] = torch.inf
    u[2, 4, 0] = torch.nan
    found = angle(u, v)
    torch.testing.assert_close(found[0, 1], kept[0, 1], atol=1e-4, rtol=0)
    torch.testing.assert_close(found[1, 2], kept[1, 2], atol=1e-4, rtol=0)
    assert found.isnan().nonzero().tolist() == [[2, 0], [2, 3], [2, 4]]
    same = torch.ones(3, 5, dtype=torch.bool)
    same[[0, 1, 2, 2, 2], [1, 2, 0, 3, 4]] = False
    assert torch.equal(found[same], kept[same])


@pytest.mark.parametrize("scale", [1e-36, 1e-25, 1.0, 1e22])
@pytest.mark.parametrize("own", [False, True])
def test_gradients_that_nobody_writes_down(scale: float, own: bool) -> None:
    """Wide layers: h and g of samples whose sizes differ by more than 32 bits can square, but whose products do not."""
    stream = torch.Generator().manual_seed(4)
    h, rule, true = (torch.randn(2, 6, 50, generator=stream) for _ in range(3))
    rule = true.clone() if own else rule
    factors = torch.tensor([1.0, scale, 1 / scale, 1.0, 1.0, 1.0])
    h, rule, true = h * factors[:, None], rule / factors[:, None] * scale**0.5, true / factors[:, None]
    found = separation.of_products(h, rule, true)
    exact_u, exact_v = (torch.einsum("rni,rnj->rij", one.double(), h.double()).flatten(1) for one in (rule, true))
    torch.testing.assert_close(degrees(found), angle(exact_u, exact_v), atol=0.01, rtol=0)
    torch.testing.assert_close(found[0] / found[1], exact_u.norm(dim=1) / exact_v.norm(dim=1), rtol=1e-4, atol=0)
    itself = separation.of_products(h, None, true)
    torch.testing.assert_close(itself[0], exact_v.norm(dim=1), rtol=1e-4, atol=0)
    assert degrees(itself).tolist() == [0, 0]


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1.0, 1e30, 1e300])
def test_ratios_and_the_whole_network(scale: float) -> None:
    """Of lengths themselves squares are taken, too."""
    lengths_of = torch.tensor([[[3.0, 4.0]], [[6.0, 8.0]], [[0.5, 0.5]], [[1.0, 1.0]]], dtype=torch.float64)
    wanted = alignment.of_gradients(lengths_of, 2)
    found = alignment.of_gradients(lengths_of * torch.tensor([scale, scale, 1, 1], dtype=torch.float64)[:, None, None], 2)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)
    assert wanted[1].tolist() == [[0.5, 0.5, 0.5]]


@pytest.mark.parametrize("factor", [1e-20, 1e12])
def test_a_product_of_many_small_or_large_weights_keeps_its_direction(factor: float) -> None:
    stream = torch.Generator().manual_seed(4)
    Ws = [torch.randn(1, 6, 6, generator=stream) for _ in range(8)]
    wanted = dict(separation.paths([W.double() for W in Ws]))
    for block, path in separation.paths([W * factor for W in Ws]):
        right = wanted[block]
        assert path is not None and right is not None
        assert float(angle(path.flatten().double(), right.flatten())) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("scale", [1e-42, 1e-30, 1e30])
def test_what_the_pages_say_of_matrices(scale: float) -> None:
    stream = torch.Generator().manual_seed(6)
    B, W = torch.randn(2, 10, 30, generator=stream) + 0.2
    found, wanted = (picture(Pair(B * factor, W, "B", "W")) for factor in (scale, 1.0))
    assert found.angle == pytest.approx(wanted.angle, abs=0.1 if scale < 1e-40 else 0.01)
    assert found.correlation == pytest.approx(np.corrcoef(B.flatten(), W.flatten())[0, 1], abs=2e-3)
    assert found.B.spread == pytest.approx(wanted.B.spread * scale, rel=1e-2)
    assert picture(Pair(torch.full((3, 7), 0.1), torch.randn(3, 7), "B", "W")).correlation is None
    assert change(3 * B * scale, B * scale) == pytest.approx(2, rel=1e-2)


def test_a_deep_network_has_the_angles_of_64_bits() -> None:
    """50 layers, whose gradients are 1e-25 long; held against the same weights in 64 bits. Float32 once said 90.0."""
    experiment = parse({"num_hidden": 50, "num_layers": 50, "rules": "dfa"})
    run = Run(experiment, "dfa", 0, (64,), 10, torch.device("cpu"), torch.float32)
    stream = torch.Generator().manual_seed(1)
    x, t = torch.rand(64, 64, generator=stream), torch.randint(10, (64,), generator=stream)
    for number in range(4):
        run.step(x, t, number)
    with torch.no_grad():
        for number, W in run.network.weights():
            W.mul_(0.3 if number > 1 else 1)
    run.network.mode(training=False)
    twin = copy.deepcopy(run)
    twin.network.double()
    twin.rule.double()
    groups = ["angles", "feedback", "rank"]
    found = probe(run.rule, run.network, run.criterion, x, t, groups)
    wanted = probe(twin.rule, twin.network, twin.criterion, x.double(), t, groups)
    assert (wanted["signal_ratio", 1] or 0) > 1e20  # or this would show nothing
    for name, value in found.items():
        if name[0] != "effective_rank":
            assert value == pytest.approx(wanted[name], rel=1e-4, abs=0.01)
        elif value is not None:
            assert value == pytest.approx(wanted[name], rel=0.2)
    assert found["effective_rank", 50] is None and found["effective_rank", 1] is not None


def test_a_signal_that_has_faded_has_no_angle() -> None:
    """60 sigmoids shorten the true gradient to where 32 bits have few digits left, then none: angles were wrong by 20°.

    What there still is agrees with 64 bits, in both engines and on the page that shows the path; the rest is a gap.
    """
    experiment = parse({"num_hidden": 12, "num_layers": 60, "nonlin": "sigmoid", "rules": "bp,fa,dfa"})
    stream = torch.Generator().manual_seed(1)
    x, t = torch.rand(20, 16, generator=stream), torch.randint(10, (20,), generator=stream)
    runs = [Run(experiment, rule, 0, (16,), 10, torch.device("cpu"), torch.float32) for rule in experiment.rules]
    for run in runs:
        run.network.mode(training=False)
    by_hand = {id(run): values for run, values in probe_fleet(Fleet(runs), {0: (x, t)}, ["angles", "chance"])}
    for run in runs:
        twin = copy.deepcopy(run)
        twin.network.double()
        twin.rule.double()
        wanted = probe(twin.rule, twin.network, twin.criterion, x.double(), t, ["angles", "chance"])
        for found in (by_hand[id(run)], probe(run.rule, run.network, run.criterion, x, t, ["angles", "chance"])):
            for name, value in found.items():
                if value is not None:
                    assert value == pytest.approx(wanted[name], rel=1e-3, abs=0.01), name
            for metric in ("signal_angle", "signal_ratio", "gradient_angle", "gradient_ratio"):
                assert found[metric, 60] is not None and found[metric, 40] is not None
                assert found[metric, 5] is None and wanted[metric, 5] is not None
            assert found["gradient_angle", None] is not None and found["gradient_ratio", None] is not None
            assert run.rule.path == "chain" or found["signal_angle_chance", 5] is None
        path = error_path(run.rule, run.network, run.criterion, x, t).parts
        exact = error_path(twin.rule, twin.network, twin.criterion, x.double(), t).parts
        assert path[4].angle is None and path[59].angle is not None
        for part, other in zip(path, exact, strict=True):
            assert part.angle is None or part.angle == pytest.approx(other.angle, abs=0.01)


@pytest.mark.parametrize("criterion", ["bce", "ce"])
def test_samples_that_are_learnt_keep_their_angle(criterion: str) -> None:
    """Where p is next to 1, p - 1 has no digits left in 32 bits: held against 64, at the same weights."""
    experiment = parse({"num_hidden": 40, "num_layers": 2, "rules": "bp,fa,dfa", "criterion": criterion})
    stream = torch.Generator().manual_seed(1)
    x, t = 3 * torch.randn(12, 30, generator=stream), torch.randint(10, (12,), generator=stream)
    runs = [Run(experiment, rule, 0, (30,), 10, torch.device("cpu"), torch.float32) for rule in experiment.rules]
    for run in runs:
        run.network.mode(training=False)
        hs, _ = run.network.hidden(x)
        sure = 17 * (2 * torch.nn.functional.one_hot(t, 10) - 1) + torch.randn(12, 10, generator=stream)
        with torch.no_grad():
            run.network.readout.weight.copy_((torch.linalg.pinv(hs[-1]) @ sure).mT)
            run.network.readout.bias.zero_()
    by_hand = {id(run): values for run, values in probe_fleet(Fleet(runs), {0: (x, t)}, ["angles"])}
    for run in runs:
        twin = copy.deepcopy(run)
        twin.network.double()
        twin.rule.double()
        wanted = probe(twin.rule, twin.network, twin.criterion, x.double(), t, ["angles"])
        assert twin.network.hidden(x.double())[1].gather(1, t[:, None]).min() > 12
        for found in (by_hand[id(run)], probe(run.rule, run.network, run.criterion, x, t, ["angles"])):
            assert found == pytest.approx(wanted, rel=1e-3, abs=0.01)
        parts = error_path(run.rule, run.network, run.criterion, x, t).parts
        assert parts[0].angle == pytest.approx(wanted["signal_angle", 1], abs=0.01)
