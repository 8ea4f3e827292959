"""The commands. The options of `train` are made from the fields of Experiment: none is declared twice."""

import inspect
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from dfa_lab.config import Experiment, SettingsError, allowed, parse, spellings

app = typer.Typer(help="DFA Lab: see how networks learn without backpropagation.", no_args_is_help=True, add_completion=False)
errors = Console(stderr=True, highlight=False)


def refused(problems: list[str]) -> typer.Exit:
    """Say each problem in its sentence; exit status 2."""
    for problem in problems:
        errors.print(problem, markup=False, soft_wrap=True)
    return typer.Exit(2)


def _option(name: str) -> inspect.Parameter:
    """The typer option of a setting. All but switches come as text: Experiment itself turns and checks it."""
    field = Experiment.model_fields[name]
    default = ",".join(map(str, field.default)) if isinstance(field.default, tuple) else str(field.default)
    switch = field.annotation is bool
    about = field.description or ""
    words = [f"--{spelling}" for spelling in spellings(name)]
    option = typer.Option(*words, help=about if switch else f"{about} Takes {allowed(name)}.", show_default=default or False)
    if switch:
        return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[bool | None, option])
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
    json_file: Annotated[Path | None, typer.Option("--json", help="Write settings and results to this file.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress bar and no table.")] = False,
    **settings: Any,
) -> None:
    """Train the rules side by side without a page."""
    # torch is imported by what follows; the help above does not wait for it
    from dfa_lab.data import DataError
    from dfa_lab.results import Results
    from dfa_lab.train.trainer import Diverged, Trainer

    given = {name: value for name, value in settings.items() if value is not None and value != []}
    twice = [name for name, value in given.items() if isinstance(value, list) and len(value) > 1]
    if twice:
        raise refused([f"--{spellings(name)[0]} is given {len(given[name])} times: give it once." for name in twice])
    if json_file and not json_file.parent.is_dir():
        raise refused([f"--json is {json_file}: its folder {json_file.parent} does not exist; create it or name another."])
    try:
        trainer = Trainer(parse({name: value[0] if isinstance(value, list) else value for name, value in given.items()}))
    except SettingsError as error:
        raise refused(error.problems) from None
    except DataError as error:
        raise refused([str(error)]) from None

    results = Results(trainer.experiment, trainer.device)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("steps"), TimeRemainingColumn())
    failed = None
    with Progress(*columns, console=errors, disable=quiet) as progress:
        bar = progress.add_task("training", total=trainer.steps)
        try:
            for records in trainer:
                results.add(records)
                if records:
                    progress.update(
                        bar, completed=trainer.step, description=f"epoch {trainer.epoch:.1f}/{trainer.experiment.epochs}"
                    )
                if json_file and any(record.metric == "test_error" for record in records):
                    _write(json_file, results.summary())
            progress.update(bar, completed=trainer.step)
        except Diverged as error:
            failed = str(error)
        except KeyboardInterrupt:
            failed = f"Stopped at step {trainer.step} of {trainer.steps}."
    summary = results.summary() | ({"failed": failed} if failed else {})
    if json_file:
        _write(json_file, summary)
    if not quiet:
        _print_table(summary)
    if failed:
        errors.print(failed, markup=False, soft_wrap=True)
        raise typer.Exit(1)


def _write(path: Path, summary: dict) -> None:
    """Whole or not at all: a reader, or a kill, never sees half a file."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise refused([f"--json is {path}: it cannot be written ({error.strerror}); name another file."]) from None


def _print_table(summary: dict) -> None:
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for head in ("rule", "seed", "test error", "train error", "seconds", "signal angle of each hidden layer"):
        table.add_column(head, justify="left" if head == "rule" else "right")
    for run in summary["runs"]:
        angles = [values[-1] for values in run["angles"].get("signal", {}).values()]
        shown = "  ".join("–" if angle is None else f"{angle:.0f}°" for angle in angles)
        figures = [f"{run[m]:.2%}" if m in run else "–" for m in ("test_error", "train_error")]
        table.add_row(run["rule"], str(run["seed"]), *figures, f"{run.get('seconds', 0):.1f}", shown)
    Console().print(table)


@app.command()
def ui(
    port: Annotated[int, typer.Option(help="Port of the page.", min=1, max=65535)] = 8501,
    address: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets others on the network in.")] = "localhost",
    runs: Annotated[Path | None, typer.Option(help="Folder that keeps the runs. Default: $DFA_LAB_RUNS, else ./runs.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Open the lab in the browser."""
    import os

    from streamlit.web import cli as streamlit_cli

    if runs:
        os.environ["DFA_LAB_RUNS"] = str(runs)
    root = Path(__file__).parent.parent
    if not (root / "app" / "main.py").is_file():
        raise refused([f"The page's files are not beside the package (no {root / 'app' / 'main.py'}): run from a clone."])
    os.chdir(root)  # where .streamlit/config.toml is
    options = [f"--server.port={port}", f"--server.address={address}", f"--server.headless={'false' if browser else 'true'}"]
    sys.argv = ["streamlit", "run", str(root / "app" / "main.py"), *options]
    streamlit_cli.main()
