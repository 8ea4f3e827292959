"""Several tallies in one go, and batches of several seeds in one go, which happen on a GPU alone: the same figures."""

import pytest
import torch
from small_data import small, small_set

from dfa_lab.train.batches import BatchOrder
from dfa_lab.train.plan import Plan
from dfa_lab.train.tally import Tally, _take_together, take_all


@pytest.mark.parametrize("criterion", ["bce", "ce"])
def test_together_is_one_by_one(criterion: str) -> None:
    cpu, stream = torch.device("cpu"), torch.Generator().manual_seed(1)
    alone, together = ([Tally(criterion, False, cpu) for _ in range(3)] for _ in "ab")
    for _ in range(2):  # the second time they begin anew
        for size in (7, 7, 4):
            t = torch.randint(5, (size,), generator=stream)
            for one, other in zip(alone, together, strict=True):
                y = 3 * torch.randn(size, 5, generator=stream)
                one.add(y, t)
                other.add(y, t)
                if size == 4:
                    continue
                other._sum_up()  # a part is in the sums already
        wanted = take_all(alone)
        assert wanted.shape == (3, 2) and wanted[:, 1].min() > 0
        torch.testing.assert_close(_take_together(together), wanted)


@pytest.mark.parametrize("train", [50, 48])  # the last batch of an epoch has two samples, or as many as the others
def test_batches_of_several_seeds_are_those_of_each(train: int) -> None:
    experiment, dataset = small(seeds="0,3,8"), small_set(train)
    order = BatchOrder(dataset, experiment, Plan(experiment, train), torch.float32)
    for step in range(15):
        together = order._together([3, 8], step)
        assert list(together) == [3, 8]
        for seed, (x, t) in together.items():
            wanted = order.batch(seed, step)
            assert torch.equal(x, wanted[0]) and torch.equal(t, wanted[1]) and len(t) in (8, 2)
