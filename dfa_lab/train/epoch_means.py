"""Training losses and errors of whole epochs, put together from records.

A record has what the batches since the last record have cost, and in a short training each batch has a record of its own.
"""

from dfa_lab.records import Record

OF_BATCHES = ("train_loss", "train_error", "train_loss_adversarial", "train_error_adversarial")
SAID = "Each value is that of the training batches since the one before it, perhaps of a single batch"
SAID_OF_BEST = "the best is that of the easiest batches, not of the training set"
WHOLE = 1e-6  # of an epoch: how far rounding may be from a whole one


def about(metric: str, best: bool) -> str:
    """What a table of last or best values has to say of this metric; empty where they are what they seem."""
    if metric not in OF_BATCHES:
        return ""
    return f"{SAID}; {SAID_OF_BEST}." if best else f"{SAID}."


class EpochMeans:
    """The means of one metric of one run, from its first record on."""

    def __init__(self) -> None:
        self._total, self._seen, self._began = 0.0, 0, 0  # over the samples of this epoch; samples seen, and at its start

    def ended(self, record: Record) -> float | None:
        """Take the next record; the mean over all samples of the epoch that ends with it, None within one."""
        self._total += (record.value or 0.0) * (record.samples - self._seen)
        self._seen = record.samples
        if abs(record.epoch - round(record.epoch)) > WHOLE:
            return None
        mean = self._total / max(1, self._seen - self._began)
        self._total, self._began = 0.0, self._seen
        return mean
