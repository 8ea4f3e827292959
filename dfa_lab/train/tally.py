"""Tally: loss and wrong answers of the training samples since they were last asked for."""

import torch
from torch import Tensor

from dfa_lab.train import criterion

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

    def loss_and_wrong(self, y: Tensor, t: Tensor) -> Tensor:
        """(2,): both summed over the samples of the logits y (N, C)."""
        loss = criterion.loss(self._criterion, criterion.as_float(y), t, self._exact)
        return torch.stack([loss.double().sum(), (y.argmax(1) != t).double().sum()])

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
