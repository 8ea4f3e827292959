"""The commands. The options of `train` are made from the fields of Experiment: none is declared twice."""

import inspect
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dfa_lab.config import Experiment, SettingsError, extra
from dfa_lab.parsing import parse
from dfa_lab.wording import allowed, spellings

if TYPE_CHECKING:
    from dfa_lab.train.trainer import Trainer

app = typer.Typer(
    help="DFA Lab: see how networks learn without backpropagation.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain text: boxes squeeze long spellings and long sentences into narrow columns
)


def refused(problems: list[str]) -> typer.Exit:
    """Say each problem in its sentence; exit status 2."""
    for problem in problems:
        typer.echo(problem, err=True)
    return typer.Exit(2)


def _option(name: str) -> inspect.Parameter:
    """The typer option of a setting. All but switches come as text: Experiment itself turns and checks it."""
    field = Experiment.model_fields[name]
    default = ",".join(map(str, field.default)) if isinstance(field.default, tuple) else str(field.default)
    default = str(int(field.default)) if field.annotation is bool else default
    words = [f"--{spelling}" for spelling in spellings(name)]
    about = [field.description or ""]
    if extra(field)["switch"]:
        option = typer.Option(*words, help=about[0], show_default=False)
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[bool | None, option])
    if name not in ("datapath", "device"):  # their descriptions say it, and looking for devices would import torch
        about.append(f"Takes {allowed(name)}.")
    if default:
        about.append(f"Default: {default}.")
    kind = {int: "NUMBER", float: "NUMBER", str: "NAME", bool: "1|0"}.get(field.annotation or object, "LIST")
    option = typer.Option(*words, help=" ".join(about), show_default=False, metavar="FOLDER" if name == "datapath" else kind)
    # as a list, so that an option given twice is noticed instead of the last one winning
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[list[str] | None, option])


def _with_settings(command: Any) -> Any:
    """Give a command every setting of Experiment as an option."""
    own = list(inspect.signature(command).parameters.values())
    kept = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own if p.kind is not inspect.Parameter.VAR_KEYWORD]
    parameters = kept + [_option(name) for name in Experiment.model_fields]
    command.__signature__ = inspect.Signature(parameters)
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    return command


@app.command()
@_with_settings
def train(
    json: Annotated[
        list[Path] | None,
        typer.Option("--json", metavar="FILE", show_default=False, help="Write settings and results to this file."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", show_default=False, help="No progress bar and no table.")] = False,
    **settings: Any,
) -> None:
    """Train the rules side by side without a page."""
    file, given = _once({"json": json, **settings})
    trainer = _trainer(given)
    output = _File(file) if file else None
    summary = _advance(trainer, output, quiet)
    unwritten = output.write(summary) if output else ""
    if not quiet:
        _print_table(summary)
    problems = [problem for problem in (summary.get("failed"), unwritten) if problem]
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)


def _once(options: dict[str, Any]) -> tuple[Path | None, dict[str, Any]]:
    """The file of --json and the settings that are given, or exit status 2."""
    given = {name: value for name, value in options.items() if value is not None and value != []}
    twice = {name: len(value) for name, value in given.items() if isinstance(value, list) and len(value) > 1}
    if twice:
        words = {name: "json" if name == "json" else spellings(name)[0] for name in twice}
        raise refused([f"--{words[name]} is given {times} times: give it once." for name, times in twice.items()])
    given = {name: value[0] if isinstance(value, list) else value for name, value in given.items()}
    file: Path | None = given.pop("json", None)
    if file and (reason := _unwritable(file)):
        raise refused([f"--json is {file}: {reason}; name another file."])
    return file, given


def _trainer(given: dict[str, Any]) -> "Trainer":
    """Of the settings, or exit status 2."""
    try:
        experiment = parse(given)
    except SettingsError as error:
        raise refused(error.problems) from None

    # torch is imported by what follows; neither the help nor a refusal waits for it
    from dfa_lab.data import DataError
    from dfa_lab.runs.failures import out_of_memory, sentence
    from dfa_lab.train.trainer import Trainer

    try:
        return Trainer(experiment)
    except SettingsError as error:
        raise refused(error.problems) from None
    except DataError as error:
        raise refused([str(error)]) from None
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise refused([sentence(error)]) from None


def _advance(trainer: "Trainer", output: "_File | None", quiet: bool) -> dict:
    """Train to the end, or until it fails; the summary, which then holds why under `failed`."""
    from dfa_lab.results import Results
    from dfa_lab.runs.failures import out_of_memory, sentence
    from dfa_lab.train.trainer import Diverged

    results = Results(trainer.experiment, trainer.device)
    with _progress(trainer.steps, quiet) as progress:
        bar = progress.add_task("training", total=trainer.steps)
        try:
            for records in trainer:
                results.add(records)
                if records:
                    done = f"epoch {trainer.epoch:.1f}/{trainer.experiment.epochs}"
                    progress.update(bar, completed=trainer.step, description=done)
                if output and any(record.metric == "test_error" for record in records):
                    output.write_meanwhile(results.summary())
            progress.update(bar, completed=trainer.step)
        except Diverged as error:
            failed = str(error)
        except (MemoryError, RuntimeError) as error:
            if not out_of_memory(error):
                raise
            failed = sentence(error)
        except KeyboardInterrupt:
            failed = f"Stopped at step {trainer.step} of {trainer.steps}."
        else:
            return results.summary()
    return results.summary() | {"failed": failed}


def _unwritable(file: Path) -> str:
    """Why no file can be written there, before hours are spent on what to write into it; empty if it can."""
    try:
        if not file.parent.is_dir():
            return f"its folder {file.parent} does not exist"
        if file.exists() and not file.is_file():
            return "it is not a file"
        if not os.access(file if file.exists() else file.parent, os.W_OK):
            return "it may not be written to"
        part = _part(file)
        part.touch()
        part.unlink()
    except (OSError, ValueError) as error:
        return f"it cannot be written ({getattr(error, 'strerror', None) or error})"
    return ""


def _part(file: Path) -> Path:
    return file.with_name(file.name + ".part")


class _File:
    """What --json names."""

    def __init__(self, path: Path):
        self._path = path
        self._warned = False

    def write(self, summary: dict) -> str:
        """Whole or not at all: a reader, or a kill, never sees half a file. Gives why it could not be, else nothing."""
        try:
            _part(self._path).write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
            _part(self._path).replace(self._path)
        except OSError as error:
            with suppress(OSError):
                _part(self._path).unlink(missing_ok=True)
            return f"--json is {self._path}: it cannot be written ({error.strerror or error}); name another file."
        return ""

    def write_meanwhile(self, summary: dict) -> None:
        """As `write`; training goes on where that fails, since the disk may have room again at the end."""
        if (problem := self.write(summary)) and not self._warned:
            self._warned = True
            typer.echo(f"{problem.removesuffix('; name another file.')}; training goes on, it is tried again.", err=True)


def _progress(steps: int, quiet: bool) -> Any:
    """A bar on the terminal; nothing where the output goes elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("steps"), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=quiet or not console.is_terminal)


def _print_table(summary: dict) -> None:
    """One line a run, never wrapped: what a narrow terminal does with long lines is its own affair."""
    lines = [["rule", "seed", "test error", "train error", "seconds", "signal angles"]]
    for run in summary["runs"]:
        angles = [values[-1] for values in run["angles"].get("signal", {}).values() if values]
        shown = "  ".join("–" if angle is None else f"{angle:.0f}°" for angle in angles)
        figures = ["–" if run[m] is None else f"{run[m]:.2%}" for m in ("test_error", "train_error")]
        lines.append([run["rule"], str(run["seed"]), *figures, f"{run['seconds']:.1f}", shown])
    wide = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for rule, *others in lines:
        cells = [rule.ljust(wide[0]), *(cell.rjust(width) for cell, width in zip(others, wide[1:], strict=True))]
        typer.echo("  ".join(cells))


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port of the page.", min=1, max=65535)] = 8501,
    address: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets others on the network in.")] = "localhost",
    runs: Annotated[Path | None, typer.Option(help="Folder that keeps the runs. Default: $DFA_LAB_RUNS, else ./runs.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Open the lab in the browser."""
    if not (Path(__file__).parent.parent / "app" / "main.py").is_file():
        raise refused(["The page's files are not beside the package: run from a clone of the project."])
    from app.launch import serve

    serve(port, address, runs, browser)
