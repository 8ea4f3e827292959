"""`reproduce`: fills the cells of the paper's tables from the command line, with the store that the page uses."""

import time
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from dfa_lab.cli.interrupt import patient
from dfa_lab.cli.options import refused
from dfa_lab.cli.runs_option import RunsFolder
from dfa_lab.machine.runs_folder import runs_folder

if TYPE_CHECKING:
    from dfa_lab.paper.outcomes import Outcome
    from dfa_lab.paper.tables import Row, Table
    from dfa_lab.runs.manager import Manager

LOOK = 0.2  # seconds between two looks at what is trained


class Cell(NamedTuple):
    """What one rule makes of a row."""

    row: "Row"
    rule: str


def reproduce(
    table: Annotated[int | None, typer.Option(help="1: MNIST, 2: CIFAR-10, 3: CIFAR-100. Alone: shows the table.")] = None,
    row: Annotated[str | None, typer.Option(metavar="NAME", help='A line of it, "2x800 tanh" say.')] = None,
    rule: Annotated[str | None, typer.Option(metavar="LIST", help="bp, fa, dfa. Default: all that the line has.")] = None,
    seeds: Annotated[int, typer.Option(min=1, max=10, help="Runs of each cell, from the seeds 0, 1, …")] = 1,
    epochs: Annotated[int, typer.Option(min=1, max=300, help="Fewer than the paper's 300 cut it short.")] = 300,
    all: Annotated[bool, typer.Option("--all", help="Every line, of --table or of all three.")] = False,
    runs: RunsFolder = None,
    datapath: Annotated[str, typer.Option(help="Folder of the data sets. Default: $DFA_LAB_DATA, else ./Datasets.")] = "",
    download: Annotated[bool, typer.Option("--download", help="Fetch a data set that is not there.")] = False,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
) -> None:
    """Train cells of the paper's tables 1 to 3, or show what there is of them.

    What was stopped goes on where it was when the same command is given again.
    """
    cells = _cells(table, row, rule)
    machine = {"datapath": datapath, "download": download, "device": device}
    train = all or row is not None or rule is not None
    if train:
        _refuse_what_cannot_be(cells, seeds, epochs, machine)
    from dfa_lab.runs.manager import Manager

    manager = Manager(runs_folder(), resume=False)
    problem = ""
    try:
        if manager.problem:
            typer.echo(manager.problem, err=True)
        if train:
            problem = _train(manager, cells, seeds, epochs, machine)
        _print(manager, cells, train)
    finally:
        manager.close()
    if problem:
        typer.echo(problem, err=True)
        raise typer.Exit(1)


def _cells(number: int | None, name: str | None, rules: str | None) -> list[Cell]:
    """The cells that are meant, or exit status 2."""
    from dfa_lab.paper import tables

    chosen: tuple[Table, ...] = tuple(table for table in tables.TABLES if number in (None, table.number))
    if not chosen:
        raise refused([f"--table is {number}: give one of {', '.join(str(table.number) for table in tables.TABLES)}."])
    rows = [row for table in chosen for row in table.rows]
    if name is not None:
        found = tables.find(chosen, name)
        if len(found) != 1:
            near = "; ".join(f"{row.table}: {row.label}" for row in found or rows)
            raise refused([f"--row is {name!r}: give one of these, with the --table in front of it: {near}."])
        rows = found
    wanted = [rule.strip().lower() for rule in rules.split(",")] if rules is not None else tables.RULES
    if unknown := [rule for rule in wanted if rule not in tables.RULES]:
        raise refused([f"--rule is {unknown[0]!r}: give one or more of {', '.join(tables.RULES)}, with commas between them."])
    cells = [Cell(row, rule) for row in rows for rule in tables.RULES if rule in wanted and rule in row.published]
    if not cells:
        raise refused([f"The paper gives no figure of {rules} for {rows[0].label}: give --rule {','.join(rows[0].published)}."])
    return cells


def _refuse_what_cannot_be(cells: list[Cell], seeds: int, epochs: int, machine: dict[str, Any]) -> None:
    """Settings and data sets are looked at before anything is trained; exit status 2."""
    import torch

    from dfa_lab import data
    from dfa_lab.settings.experiment import SettingsError
    from dfa_lab.train.preflight import check

    sets: set[str] = set()
    try:
        for row, rule in cells:
            experiment = row.experiment(rule, seeds, epochs, **machine)
            check(experiment)
            if experiment.dataset not in sets and not data.is_here(experiment.dataset, data.root(experiment.datapath)):
                data.load(experiment, torch.device("cpu"))  # fetches it, or fails at once and says what is missing where
            sets.add(experiment.dataset)
    except (SettingsError, data.DataError) as error:
        raise refused([str(error)]) from None


def _train(manager: "Manager", cells: list[Cell], seeds: int, epochs: int, machine: dict[str, Any]) -> str:
    """Train one cell after the other; why it ended early, or nothing."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"), TimeRemainingColumn())
    problems = []
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress, patient() as asked:
        try:
            for row, rule in cells:
                if why := _train_one(manager, row, rule, row.experiment(rule, seeds, epochs, **machine), progress, asked):
                    problems.append(f"{row.label} {rule}: {why}")
        except KeyboardInterrupt:
            manager.close()  # writes the checkpoint
            problems.append("Stopped: the same command goes on from here.")
    return "\n".join(problems)


def _train_one(manager: "Manager", row: "Row", rule: str, experiment: Any, progress: Any, asked: list[int]) -> str:
    """Train a cell to its end, from where it was; why it did not come to it, or nothing.

    Raises KeyboardInterrupt, once `asked` to stop, between two looks at it.
    """
    from dfa_lab.paper.outcomes import Outcomes, same
    from dfa_lab.runs.live import ENDED
    from dfa_lab.runs.resuming import ContinueError

    title = row.title(rule)
    found = [one for one in Outcomes(manager).read().get(title, []) if same(one.experiment, experiment)]
    if any(one.state == "finished" for one in found):
        return ""
    if any(one.active for one in found):
        return "it is being trained by another server that keeps its runs in this folder."
    if unfinished := next((one for one in found if one.continues is not None), None):
        id = unfinished.id
        try:
            manager.continue_stored(id)
        except ContinueError as error:
            return str(error)
    else:
        id = manager.start(experiment, title=title, keep=True)
    bar = progress.add_task(f"{row.label} {rule}", total=experiment.epochs)
    while (status := manager.status(id)) and status.state not in ENDED:
        about = f"{row.label} {rule}: epoch {status.epoch:.1f} of {experiment.epochs}"
        progress.update(bar, completed=status.epoch, description=about)
        time.sleep(LOOK)
        if asked:
            raise KeyboardInterrupt
    progress.update(bar, completed=experiment.epochs if status and status.state == "finished" else None)
    return status.sentence if status else "it was deleted."


def _print(manager: "Manager", cells: list[Cell], only: bool) -> None:
    """The published figures and ours, a table for each of the paper's; `only`: just these cells."""
    from dfa_lab.paper import tables
    from dfa_lab.paper.outcomes import Outcomes, best

    outcomes = Outcomes(manager).read()
    for table in tables.TABLES:
        of_table = [cell for cell in cells if cell.row.table == table.number]
        if not of_table:
            continue
        typer.echo(f"Table {table.number}: {table.caption}")
        lines = [("", "", "paper", "", "ours", "difference", "", "", "training")]
        lines += [_line(cell, best(outcomes.get(cell.row.title(cell.rule), ()))) for cell in of_table]
        wide = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            typer.echo("  ".join(text.ljust(width) for text, width in zip(line, wide, strict=True)).rstrip())
        typer.echo("")
    marks = {cell.row.published[cell.rule].mark for cell in cells}
    for mark in marks if only else tables.MARKS:
        typer.echo("{} {}".format(*tables.MARKS[mark]))
    if not only:
        typer.echo('To train a cell: python -m dfa_lab reproduce --table 1 --row "2x800 tanh" --rule dfa --seeds 3')


def _line(cell: Cell, outcome: "Outcome | None") -> tuple[str, ...]:
    from dfa_lab.paper import texts

    published = cell.row.published[cell.rule]
    first = (cell.row.label, cell.rule, texts.published(published), texts.sign(published))
    if outcome is None or outcome.error is None:
        return (*first, "–" if outcome is None or not outcome.active else outcome.state, "", "", "", "")
    figures = (texts.ours(outcome), texts.difference(outcome, published))
    return (*first, *figures, texts.seeds(outcome), texts.epochs(outcome), texts.duration(outcome.seconds))
