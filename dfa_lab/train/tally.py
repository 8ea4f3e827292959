"""Tally: loss and wrong answers of the training samples since they were last asked for."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dfa_lab.networks import criterion

MOST_SEEN = 2**18  # logits that wait to be summed up


class Tally:
    """Sums up many batches in one go: a few small kernels in every step would cost it 3 %."""

    def __init__(self, criterion: str, exact: bool, device: torch.device):
        self._criterion, self._exact = criterion, exact
        self._sums = torch.zeros(2, dtype=torch.float64, device=device)  # loss, wrong
        self._seen: list[tuple[Tensor, Tensor]] = []  # logits and classes of the batches that are not yet in the sums

    def add(self, y: Tensor, t: Tensor) -> None:
        """A batch: logits (N, C) and classes (N,)."""
        self._seen.append((y.detach(), t))
        if len(self._seen) * y.numel() >= MOST_SEEN:
            self._sum_up()

    def take(self) -> Tensor:
        """(loss, wrong) summed over the samples since the last call, on the device; starts them anew."""
        self._sum_up()
        sums, self._sums = self._sums, torch.zeros_like(self._sums)
        return sums

    def loss_and_wrong(self, y: Tensor, t: Tensor, parts: int = 1) -> Tensor:
        """(2,): both summed over the samples of the logits y (N, C); (parts, 2): over each of so many equal parts of them."""
        loss = criterion.loss(self._criterion, criterion.as_float(y), t, self._exact)
        both = [loss.double(), (y.argmax(1) != t).double()]
        if parts == 1:
            return torch.stack([one.sum() for one in both])
        return torch.stack([one.view(parts, -1).sum(1) for one in both], 1)

    def _sum_up(self) -> None:
        if self._seen:
            y, t = (torch.cat(parts) for parts in zip(*self._seen, strict=True))
            self._sums += self.loss_and_wrong(y, t)
            self._seen.clear()

    def tensors(self) -> dict[str, Tensor]:
        """All of it, to be saved: unsummed batches as they are, so that they are added in the same order after a resume."""
        state = {"sums": self._sums}
        if self._seen:
            y, t = zip(*self._seen, strict=True)
            state |= {"y": torch.cat(y), "t": torch.cat(t), "sizes": torch.tensor([len(one) for one in t])}
        return state

    def load_tensors(self, state: dict[str, Tensor]) -> None:
        """Undo `tensors`. Raises KeyError or RuntimeError if they are something else."""
        self._sums = state["sums"].to(self._sums)
        self._seen = []
        if "y" in state:
            sizes, device = state["sizes"].tolist(), self._sums.device
            y, t = (state[name].to(device).split(sizes) for name in ("y", "t"))
            self._seen = list(zip(y, t, strict=True))


def take_all(tallies: Sequence[Tally]) -> Tensor:
    """(len, 2): `take` of each, all of one criterion. On a GPU, where every small kernel counts, in one go if that can be."""
    seen = {tuple(len(t) for _, t in one._seen) for one in tallies}
    if tallies[0]._sums.device.type == "cuda" and len(tallies) > 1 and len(seen) == 1 and seen != {()}:
        return _take_together(tallies)
    return torch.stack([one.take() for one in tallies])


def _take_together(tallies: Sequence[Tally]) -> Tensor:
    """The sums of tallies that have seen batches of the same sizes."""
    y, t = (torch.cat([batch[k] for one in tallies for batch in one._seen]) for k in (0, 1))
    found = tallies[0].loss_and_wrong(y, t, len(tallies)) + torch.stack([one._sums for one in tallies])
    for one, nothing in zip(tallies, torch.zeros_like(found), strict=True):
        one._sums = nothing
        one._seen.clear()
    return found
