"""Weight: whether an experiment's steps are so long that those who take turns with it would stand still."""

from dataclasses import dataclass

from dfa_lab.train.trainer import Trainer

LONG = 0.05  # seconds of a part of a step: who has longer ones trains apart
SHORT = 0.03  # and goes back to the others after
STEPS = 20  # steps without a part longer than that
PASSES = 3  # through the weights in a step: forward, backward, the update
MULTIPLICATIONS = 1_000_000_000  # in a step of every run, measured: some 20 ms on two cores
PARAMETERS = 3_000_000  # of every run: they are read and written many times in a step


@dataclass
class Weight:
    """What has been measured of one experiment."""

    heavy: bool = False
    steps: int = 0  # that were counted
    mean: float = 0.0  # seconds of a step of every run, over these
    _light: int = 0  # whole steps without a long part, the last ones
    _spent: float = 0.0  # seconds, in these and the step in hand

    def guess(self, trainer: Trainer) -> None:
        """Before its first step, and so before anything is measured: whether that may last."""
        first, count = trainer.runs[0].network, len(trainer.runs)
        multiplications = PASSES * sum(first.multiplications()) * trainer.experiment.batch_size * count
        parameters = count * sum(parameter.numel() for parameter in first.parameters())
        self.heavy = trainer.device.type == "cpu" and (multiplications > MULTIPLICATIONS or parameters > PARAMETERS)

    def count(self, trainer: Trainer, seconds: float) -> bool:
        """Count a part of a step, of so many seconds of the thread's own time; True where its weight is another now.

        The first step is not counted, in which torch loads what it had not needed yet. A GPU is left to one thread: its parts
        are short for Python, and it divides its own time.
        """
        if trainer.device.type != "cpu" or not trainer.step:
            return False
        self._spent += seconds
        if trainer.between_steps:
            self.steps += 1
            self.mean = self._spent / self.steps
        if seconds > (SHORT if self.heavy else LONG):
            self._light = 0
            changes = not self.heavy
        else:
            self._light += trainer.between_steps
            changes = self.heavy and self._light >= STEPS
        self.heavy ^= changes
        return changes
