"""How many worker processes an experiment is worth, and which runs each of them trains."""

from itertools import pairwise

from dfa_lab.machine.device import ALL_THREADS
from dfa_lab.machine.memory import available
from dfa_lab.settings.experiment import Experiment
from dfa_lab.train.schedule import may_end
from dfa_lab.train.trainer import Trainer

# Measured by benchmarks/processes.py, for a rule of thumb that need not be exact.
STARTING = 6.0  # seconds until the workers train: each imports torch and loads the data
MULTIPLICATIONS = 15e9  # a second, of one core in a whole training step
CALLS = 4e-4  # seconds of a step that are Python's
THREADED = 1.3  # what a second thread gains a step that is large enough to be shared
SLOWER = 0.9  # speed of a core while the others train too
PROCESS = 400 * 2**20  # bytes that a worker takes before it has any data


def one_process_only(experiment: Experiment, device: str) -> str:
    """Why the runs cannot be trained apart with the same outcome, as an end of a sentence; empty if they can."""
    if device != "cpu":
        return "the device is no CPU"
    if experiment.save or experiment.load:
        return "a run that is kept (--save) or taken up (--load) is that of one process"
    if may_end(experiment):
        return "runs that may end early (--epoch_step 0, --exact) are measured together when one of them does"
    return ""


def chosen(trainer: Trainer) -> int:
    """Processes for the experiment of a trainer that has not begun: as it asks for, else as many as are worth it; 1: none."""
    experiment, runs = trainer.experiment, len(trainer.runs)
    if runs == 1 or one_process_only(experiment, trainer.device.type):
        return 1
    if experiment.processes:
        return min(experiment.processes, runs)
    if experiment.threads > 1:
        return 1
    data = trainer.data
    held = PROCESS + sum(tensor.nbytes for tensor in (data.x_train, data.y_train, data.x_test, data.y_test))
    most = min(2 * ALL_THREADS, runs, available() // 2 // held)
    work = sum(trainer.runs[0].network.multiplications()) * experiment.batch_size
    return worth(runs, trainer.steps, work, trainer.threads, ALL_THREADS, most)


def worth(runs: int, steps: int, work: int, threads: int, cores: int, most: int) -> int:
    """`work`: multiplications of a forward pass on a batch; `threads`: of a step in one process; `most`: processes."""
    step = CALLS + 3 * work / MULTIPLICATIONS
    alone = steps * runs * step / (THREADED if threads > 1 else 1.0)
    best, quickest = 1, alone
    for count in range(2, most + 1):
        took = STARTING * max(1.0, count / cores) + steps * step * rounds(runs, count, cores) / SLOWER
        if took < quickest:
            best, quickest = count, took
    return best


def rounds(runs: int, count: int, cores: int) -> float:
    """How long `count` processes take on so many cores, in trainings of one run; where there are more, they take turns."""
    left = sorted(len(part) for part in parts(runs, count))
    time = 0.0
    done = 0
    while left:
        pace = min(1.0, cores / len(left))  # runs that each process trains in a unit of time
        time += (left[0] - done) / pace
        done = left[0]
        left = [size for size in left if size > done]
    return time


def parts(runs: int, count: int) -> list[range]:
    """The places of the runs that each process trains, as even as can be."""
    few, more = divmod(runs, count)
    ends = [n * few + min(n, more) for n in range(count + 1)]
    return [range(begin, end) for begin, end in pairwise(ends)]
