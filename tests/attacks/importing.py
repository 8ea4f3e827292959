"""Mutated zips into Import: each is refused with a sentence and leaves nothing, or is imported soundly."""

import contextlib
import resource
import tempfile
import time
import traceback
import warnings
from io import BytesIO
from pathlib import Path

from dfa_lab.compare import table
from dfa_lab.data import DataError
from dfa_lab.export.import_zip import Taken, take
from dfa_lab.export.package import Source, write
from dfa_lab.export.unpack import ImportProblem
from dfa_lab.runs.manager import Manager
from dfa_lab.runs.resuming import ContinueError
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.settings.parsing import parse
from dfa_lab.train.checkpoint import CheckpointError
from dfa_lab.train.trainer import Diverged
from tests.attacks.mutated_zips import mutated
from tests.attacks.outcome import Outcome, sentence_fault
from tests.export.zips import SETTINGS, trained, zipped

LONG = 20.0  # seconds of the processor, for one zip
MUCH = 700  # MB more memory than before: an honest zip of this size takes a few
VARIETIES: tuple[dict[str, object], ...] = (
    {},
    {"optimizer": "adam", "batchnorm": 1, "dropout": 1},
    {"dataset": "moons", "halve_every": 2},
)


def honest(folder: Path) -> list[bytes]:
    """Exports to begin with."""
    made = []
    for number, settings in enumerate(VARIETIES):
        store, checkpoints, _ = trained(
            folder / f"from{number}", **{"seeds": "0", "rules": "bp,dfa", "num_hidden": 4, **settings}
        )
        made.append(zipped(store, checkpoints))
        store.close()
    return made


def attack(count: int, seed: int) -> Outcome:
    """Import so many."""
    outcome = Outcome("zips", count)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        originals = honest(folder)
        with contextlib.closing(Manager(folder / "runs", resume=False)) as manager:
            manager.store.create("mine", parse(SETTINGS))
            manager.store.set_state("mine", "finished")
            manager.store.flush()
            for number in range(count):
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", UserWarning)  # zipfile's, of a name that is there twice
                    kind, raw = mutated(originals[number % len(originals)], number, seed)
                _one(manager, raw, f"{kind}, number {number}", outcome)
            if [one.id for one in manager.store.experiments()] != ["mine"] or manager.store.problem:
                outcome.fault(f"the store holds {manager.store.experiments()} {manager.store.problem}")
    return outcome


def below(folder: Path) -> dict[str, int]:
    """Sizes of the files below a folder, but for the store's own."""
    return {str(path): path.stat().st_size for path in folder.rglob("*") if path.is_file() and "sqlite" not in path.name}


def _one(manager: Manager, raw: bytes, about: str, outcome: Outcome) -> None:
    store, folder = manager.store, manager.store.folder
    (folder / "import.lock").touch()
    before, began, memory = below(folder.parent), time.thread_time(), _most_memory()
    taken = None
    try:
        taken = take(BytesIO(raw), store, manager.checkpoints)
    except ImportProblem as problem:
        outcome.counted["refused"] += 1
        if why := sentence_fault(str(problem), str(folder)):
            outcome.fault(f"{about}: {why}: {str(problem)[:300]!r}")
    except BaseException as error:
        outcome.fault(f"{about}: {type(error).__name__}: {str(error)[:300]}")
    if taken:
        try:
            outcome.counted[_sound(manager, taken)] += 1
        except BaseException as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            outcome.fault(
                f"{about}: imported, and then {type(error).__name__}: {str(error)[:300]} in {where.name}, {where.filename}"
            )
        manager.delete(taken.id)
        store.flush()
    if (after := below(folder.parent)) != before:
        outcome.fault(f"{about}: left {sorted(set(after) ^ set(before)) or 'other sizes'}")
    if (spent := time.thread_time() - began) > LONG:
        outcome.fault(f"{about}: {spent:.1f} s")
    if (more := _most_memory() - memory) > MUCH:
        outcome.fault(f"{about}: {more} MB")


def _most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _sound(manager: Manager, taken: Taken) -> str:
    """What can be done with it, in a word or two. Raises what no visitor may see."""
    id = taken.id
    status, stored = manager.status(id), manager.store.get(id)
    assert status is not None and stored is not None and stored.experiment == taken.experiment, (
        "it is not there as it was taken"
    )
    assert len(manager.records(id)) == manager.store.count(id), "records are missing"
    manager.record_table(id)
    table.differing([stored])
    manager.store.finals([id])
    write(Source(manager.store, manager.checkpoints), id, BytesIO(), {})
    with contextlib.suppress(ContinueError):
        manager.settings_at(id, manager.last_step(id))
    if not manager.checkpoints.has(id):
        return "imported"
    try:
        trainer = manager.checkpoints.load(id)
        if trainer.done:
            return "imported, at its end"
        next(trainer)
        next(trainer, None)
        trainer.state()
    except (CheckpointError, SettingsError, DataError, Diverged) as error:
        said = str(error)
        assert not sentence_fault(said), f"{sentence_fault(said)}: {said}"
        return "imported, with a sentence where it should go on"
    return "imported, goes on"
