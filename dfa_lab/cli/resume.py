"""The command resume: an experiment of a folder of runs that has ended goes on for more epochs."""

import time
from typing import Annotated

import typer

from dfa_lab.cli.interrupt import patient
from dfa_lab.cli.options import refused
from dfa_lab.cli.runs_option import RunsFolder
from dfa_lab.machine.runs_folder import is_folder, runs_folder

OFTEN = 0.1  # seconds between two looks


def resume(
    id: Annotated[str, typer.Argument(help="The experiment: its id, which the page Experiments shows.")],
    epoch: Annotated[int, typer.Option(help="Epochs in all, those that are done among them.")],
    runs: RunsFolder = None,
) -> None:
    """Let an experiment that was stopped, was interrupted or has finished go on, as if it had been begun with more epochs.

    With --schedule cosine or linear the learning rate goes on from where the longer fall is.
    """
    folder = runs_folder()
    if not is_folder(folder):
        raise refused([f"There is no folder of runs {folder}: name it with --runs."])

    from dfa_lab.runs.manager import Manager
    from dfa_lab.runs.resuming import ContinueError

    manager = Manager(folder, resume=False)
    try:
        if manager.store.problem:
            raise refused([manager.store.problem])
        before = manager.status(id)
        try:
            manager.train_on(id, epoch)
        except KeyError:
            raise refused([f"There is no experiment {id!r} in {folder}: the page Experiments shows the id of each."]) from None
        except ContinueError as error:
            raise refused([str(error)]) from None
        sentence = _follow(manager, id)
        after = manager.status(id)
        if before is None or after is None or after.state != "finished" or after.step <= before.step:
            typer.echo(sentence or "It did not go on.", err=True)
            raise typer.Exit(1)
        typer.echo(f"{id}: {after.epoch:g} epochs are done, {after.step:,} steps.")
    finally:
        manager.close()


def _follow(manager, id: str) -> str:
    """Wait, with a bar, until it has ended; why it is in its state. Raises KeyboardInterrupt between two looks at it."""
    status = manager.status(id)
    with typer.progressbar(length=status.steps, label=f"{id} goes on", show_pos=True) as bar, patient() as asked:
        bar.update(status.step)
        while status.state in ("loading", "queued", "running"):
            time.sleep(OFTEN)
            if asked:
                raise KeyboardInterrupt
            at, status = status.step, manager.status(id)
            bar.update(max(0, status.step - at))
    return status.sentence
