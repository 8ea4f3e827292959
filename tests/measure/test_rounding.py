"""What a layer's format cannot resolve is no direction of it."""

import numpy as np
import pytest
import torch

from dfa_lab.inspect.components import principal
from dfa_lab.inspect.tsne import embed
from dfa_lab.measure.kinds.effective_rank import effective_rank


@pytest.mark.parametrize("scale", [1e-40, 1e-25, 1.0, 1e25, 1e37])
def test_the_rank_of_every_scale(scale: float) -> None:
    h = torch.randn(30, 12, generator=torch.Generator().manual_seed(5))
    found = effective_rank((h * scale)[None])
    torch.testing.assert_close(found, effective_rank((h * scale).double()[None]))
    torch.testing.assert_close(found, effective_rank(h[None]), atol=1e-3, rtol=0)
    torch.testing.assert_close(effective_rank(h.double()[None] * 1e-250), effective_rank(h.double()[None]))


def test_rounding_has_no_rank() -> None:
    """A constant layer whose samples differ in the last digit; where they differ by more, rounding does not count."""
    stream = torch.Generator().manual_seed(5)
    constant = torch.rand(1, 50, generator=stream).expand(128, 50)
    rounded = constant * (1 + 1e-7 * torch.randn(128, 50, generator=stream))
    assert not torch.equal(rounded, constant)
    assert effective_rank(rounded[None]).isnan() and effective_rank(constant[None]).isnan()
    line = torch.randn(128, 1, generator=stream) @ torch.randn(1, 50, generator=stream)
    assert float(effective_rank((rounded + 1e-3 * line)[None])) == pytest.approx(1, abs=0.01)
    exact = constant.double() + 1e-10 * line.double()  # 64 bits can tell
    assert float(effective_rank(exact[None])) == pytest.approx(1, abs=0.01)


def test_rounding_has_no_components_and_short_activities_have_a_map() -> None:
    stream = np.random.default_rng(0)
    t = np.arange(40) % 2
    constant = np.tile(stream.random(20, np.float32), (40, 1))
    rounded = constant * (1 + 1e-7 * stream.standard_normal((40, 20))).astype(np.float32)
    assert not principal(rounded, t).points.any() and not embed(rounded, t).any()
    groups = (stream.standard_normal((40, 20)) + 8 * t[:, None]).astype(np.float32)
    for scale in (1e-30, 1e25):
        points = embed(groups * np.float32(scale), t)
        apart = np.linalg.norm(points[t == 0].mean(0) - points[t == 1].mean(0))
        assert apart > 3 * points[t == 0].std(0).max()
