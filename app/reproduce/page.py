"""The grids of the paper's tables, with what starts, pauses and opens each cell."""

import streamlit as st
import torch

from app.form.settings_form import show_problems
from app.reproduce import cells
from app.shell import pages
from app.shell.escape import plain
from app.shell.server import manager
from app.visit import watching
from app.visit.session import Remembered, fresh, held, session
from dfa_lab import data
from dfa_lab.paper import tables, texts
from dfa_lab.paper.outcomes import Outcome, Outcomes, best, same
from dfa_lab.paper.tables import EPOCHS, Row, Table
from dfa_lab.runs.resuming import ContinueError
from dfa_lab.runs.rights import NotAllowed
from dfa_lab.settings.experiment import SettingsError
from dfa_lab.train.failures import sentence

EVERY = 2.0  # seconds
HOW_MANY_SEEDS, HOW_MANY_EPOCHS, DOWNLOAD = "paper_seeds", "paper_epochs", "paper_download"  # keys of widgets
SHARED = 1.0  # seconds that what one visitor's page has read serves the others
INTRODUCTION = (
    "The tables of [Nøkland (2016)](https://arxiv.org/abs/1609.01596) beside what this lab finds. Start a cell and it trains "
    "in the background, with the tab closed too, and goes on after a restart of the server. One cell trains at a time on a "
    "device; the others that were started wait for their turn."
)


class Grid(Remembered, prefix="cells"):
    """What the grid was drawn for, and what came of the last button."""

    active: bool = False  # a cell is being trained
    problems: list[str] = fresh(list)


grid = Grid()


def show() -> None:
    """Controls, legend and the grid of the chosen table; it ticks while a cell is active."""
    st.markdown(INTRODUCTION)
    table = _choices()
    ready = _data(table)
    st.html(cells.legend())
    active = _active(_outcomes().read())
    grid.active = active
    st.fragment(_grid, run_every=EVERY if active else None)(table, ready)


@st.cache_resource(show_spinner=False)
def _outcomes() -> Outcomes:
    """What was found for the cells: one a server, as the manager."""
    return Outcomes(manager())


def _choices() -> Table:
    """The table, and with how many seeds and epochs cells are started."""
    by_number = {table.number: table for table in tables.TABLES}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        number = st.segmented_control(
            "Table",
            list(by_number),
            default=next(iter(by_number)),
            required=True,
            key="paper_table",
            format_func=lambda number: f"{number}: {data.facts(by_number[number].dataset).title}",
            persist_state="session",
        )
        st.segmented_control(
            "Seeds",
            [1, 2, 3],
            default=1,
            required=True,
            key=HOW_MANY_SEEDS,
            help="Each cell is trained this often, side by side; with two or more there is a ±.",
            persist_state="session",
        )
        st.number_input(
            "Epochs",
            1,
            EPOCHS,
            EPOCHS,
            key=HOW_MANY_EPOCHS,
            help=f"The paper trains {EPOCHS}. With fewer it is cut short, and every figure says so.",
            width=140,
            persist_state="session",
        )
    return by_number[number]


def _data(table: Table) -> bool:
    """Say how to get the data set where it is missing; whether cells can be started."""
    experiment = table.rows[0].experiment(next(iter(table.rows[0].published)))
    if data.is_here(table.dataset, data.root(experiment.datapath)):
        return True
    administrator = manager().rights.who().administrator
    try:
        data.load(experiment, torch.device("cpu"))  # fails at once, and says what is missing where
    except data.DataError as error:
        st.warning(plain(sentence(error, experiment, at_home=administrator)), icon=":material/download:")
    if not administrator:
        return False
    facts = data.facts(table.dataset)
    return st.toggle(f"Download {facts.title} with the first cell that is started ({facts.megabytes} MB)", key=DOWNLOAD)


def _active(outcomes: dict[str, list[Outcome]]) -> bool:
    return any(one.active for several in outcomes.values() for one in several)


def _grid(table: Table, ready: bool) -> None:
    outcomes = _outcomes().read(SHARED)
    if _active(outcomes) != grid.active:
        st.rerun()  # to begin or to end ticking
    if problem := manager().problem:
        st.warning(plain(problem), icon=":material/warning:")
    show_problems(grid.problems)
    st.header(f"Table {table.number}: {table.caption}", anchor=False)
    for row in table.rows:
        about, *columns = st.columns([1.1, 2, 2, 2], gap="small", vertical_alignment="top")
        with about:
            _about(row)
        for rule, column in zip(tables.RULES, columns, strict=True):
            with column:
                _cell(row, rule, outcomes.get(row.title(rule), []), ready)


def _about(row: Row) -> None:
    st.markdown(f"**{plain(row.label)}**")
    with st.popover("Settings", icon=":material/tune:", type="tertiary"):
        st.html(cells.settings(row))
        st.caption("Without a page")
        st.code(
            f'python -m dfa_lab reproduce --table {row.table} --row "{row.label}" --seeds 3', language="bash", wrap_lines=True
        )
    if row.assumed:
        st.caption(f"⚠ {texts.count(len(row.assumed), 'setting')} assumed")


def _cell(row: Row, rule: str, found: list[Outcome], ready: bool) -> None:
    if rule not in row.published:
        st.html(f'<div style="opacity:0.6;padding:0.6rem 1rem">{cells.chip(rule)} is not in the paper\'s table</div>')
        return
    shown, active = best(found), next((one for one in found if one.active), None)
    with st.container(border=True, gap="xsmall", key=f"cell_{_slug(row, rule)}"):
        st.html(cells.card(rule, row.published[rule], shown, active))
        with st.container(horizontal=True, gap="xsmall"):
            _steer(active) if active else _begin(row, rule, found, ready)
            if (there := active or shown) and st.button(
                "Open", key=f"open_{there.id}", icon=":material/open_in_new:", type="tertiary", help="Watch it in the Lab"
            ):
                _open(there.id)


def _slug(row: Row, rule: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in row.title(rule))


def _steer(one: Outcome) -> None:
    if one.state == "running":
        _button("Pause", "pause", one.id)
    elif one.state == "paused":
        _button("Resume", "resume", one.id)
    if one.state == "queued" and not one.reached:
        _button("Remove", "delete", one.id, icon="close")
    else:
        _button("Stop", "stop", one.id)


def _button(label: str, act: str, id: str, *, icon: str = "", **options) -> None:
    """A button that does something with an experiment; `act`: the manager's method."""
    symbol = f":material/{icon or act}:"
    st.button(label, key=f"{act}_{id}", icon=symbol, type="tertiary", on_click=_act, args=(act, id), **options)


def _begin(row: Row, rule: str, found: list[Outcome], ready: bool) -> None:
    """What takes up the newest that was broken off, and what starts one with the chosen seeds and epochs."""
    broken = next((one for one in found if one.continues is not None), None)
    if broken is not None:
        _button(f"Continue from epoch {broken.continues}", "continue_stored", broken.id, icon="resume", disabled=not ready)
    experiment = _experiment(row, rule)
    alike = [one for one in found if same(one.experiment, experiment)]
    if any(one.state == "finished" or one is broken for one in alike):
        return
    st.button(
        "Start",
        key=f"start_{_slug(row, rule)}",
        icon=":material/play_arrow:",
        type="tertiary",
        disabled=not ready,
        help=f"{texts.count(len(experiment.seeds), 'seed')}, {texts.count(experiment.epochs, 'epoch')}",
        on_click=_start,
        args=(row, rule),
    )


def _experiment(row: Row, rule: str):
    machine = {"download": True} if held(DOWNLOAD) else {}
    return row.experiment(rule, held(HOW_MANY_SEEDS) or 1, held(HOW_MANY_EPOCHS) or EPOCHS, **machine)


def _start(row: Row, rule: str) -> None:
    try:
        manager().start(_experiment(row, rule), title=row.title(rule), keep=True)
        grid.problems = []
    except SettingsError as error:
        grid.problems = error.problems
    _outcomes().read()  # what is drawn next shows it


def _act(name: str, id: str) -> None:
    try:
        getattr(manager(), name)(id)
        grid.problems = []
    except (ContinueError, NotAllowed) as error:
        grid.problems = [str(error)]
    except KeyError:  # deleted by another visitor
        grid.problems = []
    _outcomes().read()


def _open(id: str) -> None:
    if not session.arrived:
        watching.arrive()
    watching.watch(id)
    pages.go(pages.LAB)
