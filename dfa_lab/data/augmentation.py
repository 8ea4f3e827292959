"""Training images cropped at random, scaled back and mirrored."""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample


def augment(x: Tensor, generator: torch.Generator, exact: bool = False) -> Tensor:
    """(N, C, H, W) prepared images, each in another way: same shape, type and device.

    Up to a quarter of the side is cut off, the rest lies anywhere in the image and is scaled back bilinearly, corners on
    corners, and every second image is mirrored left to right. `generator` is a CPU one, so that every rule and device
    gets the same. `exact`: as in dfa-torch, whose crops never reach the last row and column that they could.
    """
    count, _, height, width = x.shape
    cut = torch.randint(min(height, width) // 4 + 1, (count,), generator=generator)
    places = cut if exact else cut + 1  # where nothing is cut off, the start is 0 with both
    top, left = (torch.rand(2, count, generator=generator, dtype=torch.float64) * places).long()
    mirrored = torch.randint(2, (count, 1), generator=generator).bool()
    rows, columns = _positions(top, cut, height), _positions(left, cut, width)
    columns = torch.where(mirrored, columns.flip(1), columns)
    grid = torch.stack(torch.broadcast_tensors(columns[:, None, :], rows[:, :, None]), dim=-1)
    return grid_sample(x, grid.to(x.device, x.dtype), padding_mode="border", align_corners=True)


def _positions(start: Tensor, cut: Tensor, size: int) -> Tensor:
    """Where the `size` new pixels of each image lie between the old ones, (N, size): -1 is the first, 1 the last one."""
    last = max(1, size - 1)
    steps = torch.arange(size, dtype=torch.float64) * (last - cut[:, None]) / last  # 0 to the length of the crop - 1
    return (start[:, None] + steps) * 2 / last - 1
