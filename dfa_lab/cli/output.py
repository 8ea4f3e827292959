"""What a training on the command line leaves behind: files, a progress bar and a table."""

import json
import shlex
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from dfa_lab.train import saved
from dfa_lab.train.results import last_measured, older
from dfa_lab.train.saving import Saving, replace

MOST_ANGLES = 12  # in a line of the table


class Output(ABC):
    """Files that are written again and again, but only as often as is cheap: what there is to write grows with every epoch,
    and an epoch may be short. A disk that refuses is told once while training goes on, and at the end."""

    PAUSE = 0.0  # seconds between two times, and before the first, at least
    REST = 20  # times what the last one took, at least

    def __init__(self) -> None:
        self._warned = False
        self._next = time.monotonic() + self.PAUSE

    @abstractmethod
    def _write(self, summary: dict) -> None:
        """Whole files or none. Raises OSError."""

    @abstractmethod
    def _problem(self, error: OSError) -> str:
        """Without a full stop."""

    def _advice(self) -> str:
        """What a disk that refuses has left, or what to do about it: ends the sentence."""
        return ""

    def notice(self, summary: dict) -> str:
        """Where to find what has been written, if the person has not named the place."""
        return ""

    def at_end(self, summary: dict) -> str:
        """Write; gives the sentence why it could not be, else nothing."""
        try:
            self._write(summary)
        except OSError as error:
            return f"{self._problem(error)}{self._advice()}."
        return ""

    def meanwhile(self, summary: Callable[[], dict]) -> None:
        """After an epoch. Where it fails training goes on, since the disk may have room again at the end."""
        began = time.monotonic()
        if began < self._next:
            return
        try:
            self._write(summary())
        except OSError as error:
            if not self._warned:
                self._warned = True
                typer.echo(f"{self._problem(error)}; training goes on, it is tried again.", err=True)
        over = time.monotonic()
        self._next = over + max(self.PAUSE, self.REST * (over - began))


class File(Output):
    """What --json names."""

    def __init__(self, path: Path):
        super().__init__()
        self._path = path

    def _write(self, summary: dict) -> None:
        replace(self._path, json.dumps(summary, indent=1) + "\n")

    def _problem(self, error: OSError) -> str:
        return f"--json is {self._path}: it cannot be written ({error.strerror or error})"

    def _advice(self) -> str:
        return "; name another file"


class Run(Output):
    """What --save names; after every epoch, as it says."""

    REST = 0

    def __init__(self, saving: Saving, name: str):
        super().__init__()
        self._saving, self._name = saving, name

    def notice(self, summary: dict) -> str:
        more = "" if "failed" in summary else ", with more epochs (--epoch)"
        return f"Kept in {self._saving.folder}: --load {shlex.quote(self._name)} continues it{more}."

    def _write(self, summary: dict) -> None:
        self._saving.write(summary)

    def _problem(self, error: OSError) -> str:
        folder, reason = self._saving.folder, error.strerror or error
        return f"save (--save) is {self._name!r}: the run cannot be kept in {folder} ({reason})"

    def _advice(self) -> str:
        before = (self._saving.folder / saved.NET).is_file()
        return "; what was kept there before is still whole" if before else "; nothing is kept there"


class Report(Output):
    """What --visualize writes: files made of the summary, by their names."""

    PAUSE = 10.0

    def __init__(self, save: str, files: Mapping[str, Callable[[dict], str | bytes]]):
        super().__init__()
        self._folder = saved.folder(save or datetime.now().strftime("%Y-%m-%d %H.%M.%S"))
        self._files = files

    def notice(self, summary: dict) -> str:
        return "Report: " + " and ".join(str(self._folder / name) for name in self._files)

    def _write(self, summary: dict) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for name, made in self._files.items():
            replace(self._folder / name, made(summary))

    def _problem(self, error: OSError) -> str:
        return f"visualize (--visualize): the report cannot be written to {self._folder} ({error.strerror or error})"


def progress(steps: int, quiet: bool) -> Any:
    """A bar on the terminal; nothing where the output goes elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("steps"), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=quiet or not console.is_terminal)


def print_table(summary: dict) -> None:
    """One line a run, never wrapped: what a narrow terminal does with long lines is its own affair."""
    lines = [["rule", "seed", "test error", "train error", "seconds", "signal angles"]]
    for run in summary["runs"]:
        angles = [last_measured(run, "signal", layer) for layer in run["angles"].get("signal", {})]
        degrees = ["–" if angle is None else f"{angle:.0f}°" for angle, _ in angles]
        if len(degrees) > MOST_ANGLES:
            degrees = [*degrees[: MOST_ANGLES // 2], "…", *degrees[-MOST_ANGLES // 2 :]]
        shown = "  ".join(degrees) + (older(run, angles[0][1]) if angles else "")
        figures = ["–" if run[m] is None else f"{run[m]:.2%}" for m in ("test_error", "train_error")]
        figures[0] += older(run, run["tested_at"])
        lines.append([run["rule"], str(run["seed"]), *figures, f"{run['seconds']:.1f}", shown])
    wide = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for rule, *others in lines:
        cells = [rule.ljust(wide[0]), *(cell.rjust(width) for cell, width in zip(others, wide[1:], strict=True))]
        typer.echo("  ".join(cells))
