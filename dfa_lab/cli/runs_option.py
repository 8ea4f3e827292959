"""The option --runs, the same in every command that has it: it names the one folder of runs of the command."""

import os
from pathlib import Path
from typing import Annotated

import typer

from dfa_lab.machine import runs_folder


def use_folder(context: typer.Context, folder: Path | None) -> Path | None:
    """Let the folder that is given be the command's folder of runs, and no longer than the command lasts."""
    if folder is not None:
        before = os.environ.get(runs_folder.VARIABLE)
        runs_folder.use(folder)
        context.call_on_close(lambda: _restore(before))
    return folder


def _restore(before: str | None) -> None:
    if before is None:
        os.environ.pop(runs_folder.VARIABLE, None)
    else:
        os.environ[runs_folder.VARIABLE] = before


RunsFolder = Annotated[
    Path | None,
    typer.Option(help="Folder that keeps the runs. Default: $DFA_LAB_RUNS, else ./runs.", callback=use_folder),
]
