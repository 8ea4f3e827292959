"""Training images cropped at random, scaled back and mirrored."""

import pytest
import torch

from dfa_lab.data import augment, augmentation


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def ramp(count: int, size: int) -> torch.Tensor:
    """Images (count, 2, size, size) whose first channel counts rows and whose second counts columns."""
    row, column = torch.meshgrid(torch.arange(float(size)), torch.arange(float(size)), indexing="ij")
    return torch.stack([row, column]).expand(count, 2, size, size).contiguous()


def drawn(size: int, exact: bool, count: int = 5_000) -> tuple[torch.Tensor, ...]:
    """(top, left, cut, mirrored) of many images, read off the ramps: the first and last pixel are the crop's corners."""
    rows, columns = augment(ramp(count, size), stream(), exact).unbind(1)
    first, last = columns[:, 0, 0], columns[:, 0, -1]
    mirrored = first > last
    cut = size - 1 - (rows[:, -1, 0] - rows[:, 0, 0])
    assert torch.allclose((first - last).abs(), size - 1 - cut, atol=1e-4)
    found = rows[:, 0, 0], torch.minimum(first, last), cut
    assert all(torch.allclose(x, x.round(), atol=1e-4) for x in found)
    return *(x.round().long() for x in found), mirrored


@pytest.mark.parametrize("size", [8, 32])
@pytest.mark.parametrize("exact", [False, True])
def test_what_is_drawn(size: int, exact: bool):
    top, left, cut, mirrored = drawn(size, exact)
    share = torch.bincount(cut) / len(cut)
    assert torch.allclose(share, torch.full((size // 4 + 1,), 1 / (size // 4 + 1)), atol=0.02)
    assert mirrored.float().mean() == pytest.approx(0.5, abs=0.02)
    for sz in range(size // 4 + 1):
        places = max(1, sz) if exact else sz + 1  # exactly: never the last one
        for start in (top[cut == sz], left[cut == sz]):
            share = torch.bincount(start) / len(start)
            assert torch.allclose(share, torch.full((places,), 1 / places), atol=0.06)
    both = torch.stack([top, left, mirrored.long()])[:, cut == cut.max()].double()
    assert torch.corrcoef(both).fill_diagonal_(0).abs().max() < 0.1  # drawn apart from each other


def test_an_image_as_it_is_or_mirrored():
    x = torch.rand(200, 3, 8, 8, generator=stream(), dtype=torch.float64)
    _, _, cut, mirrored = drawn(8, False, count=200)
    found, nothing_cut = augment(x, stream()), cut == 0
    known = torch.where(mirrored[:, None, None, None], x.flip(3), x)
    torch.testing.assert_close(found[nothing_cut], known[nothing_cut])
    assert nothing_cut.sum() > 20 and not torch.isclose(found, known)[~nothing_cut].all()


def test_a_crop_by_hand(monkeypatch: pytest.MonkeyPatch):
    """3 × 3 of 5 × 5, from row 1 and column 2: every second pixel is an old one, those between are averages."""
    draws = iter([torch.tensor([2]), torch.tensor([[0]])])  # what is cut off, mirrored or not
    monkeypatch.setattr(augmentation.torch, "randint", lambda *_, **__: next(draws))
    monkeypatch.setattr(augmentation.torch, "rand", lambda *_, **__: torch.tensor([[0.4], [0.9]]))
    x = torch.tensor([[[[0.0] * 5, [0, 0, 1, 3, 5], [0, 0, 3, 9, 1], [0, 0, 7, 5, 9], [0] * 5]]])
    known = [[1, 2, 3, 4, 5], [2, 4, 6, 4.5, 3], [3, 6, 9, 5, 1], [5, 6, 7, 6, 5], [7, 6, 5, 7, 9]]
    torch.testing.assert_close(augment(x, stream()), torch.tensor([[known]]))


@pytest.mark.parametrize("shape", [(50, 3, 32, 32), (50, 1, 28, 28), (4, 3, 96, 96), (9, 1, 3, 3), (3, 2, 1, 1), (5, 1, 8, 12)])
def test_any_size_and_no_new_values(shape: tuple[int, ...]):
    x = torch.rand(shape, generator=stream(1)) * 6 - 3
    found = augment(x, stream())
    assert found.shape == x.shape and found.dtype == x.dtype
    assert (found.amax((1, 2, 3)) <= x.amax((1, 2, 3)) + 1e-5).all()
    assert (found.amin((1, 2, 3)) >= x.amin((1, 2, 3)) - 1e-5).all()


def test_never_upside_down():
    assert (augment(ramp(500, 8), stream())[:, 0].diff(dim=1) > 0).all()


def test_channels_go_together():
    one = torch.rand(50, 1, 8, 8, generator=stream())
    found = augment(one.repeat(1, 3, 1, 1), stream())
    assert torch.equal(found[:, 0], found[:, 1]) and torch.equal(found[:, 0], found[:, 2])


def test_the_generator_alone_decides():
    x = torch.rand(20, 1, 8, 8, generator=stream())
    first = augment(x, stream(4))
    torch.manual_seed(1)
    assert torch.equal(augment(x, stream(4)), first)
    assert not torch.equal(augment(x, stream(5)), first)
    before = x.clone()
    going = stream(4)
    assert not torch.equal(augment(x, going), augment(x, going)) and torch.equal(x, before)


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_the_same_on_a_gpu():
    x = torch.rand(20, 3, 32, 32, generator=stream())
    torch.testing.assert_close(augment(x.cuda(), stream()).cpu(), augment(x, stream()))
